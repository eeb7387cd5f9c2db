"""The baseline: logistic regression over mean, deviation and change of the same features.

A model that does not beat it has learned little that averages do not say. It costs a second, and every report
has it beside the control.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from earmark.foundation.errors import EarmarkError


def baseline_table(folder: Path, piece_ids: Iterable[str]) -> pd.DataFrame:
    """Averages of the features of pieces.

    Args:
        folder: data/features.
        piece_ids: Names of its files.

    Returns:
        A row a piece, by piece_id: of every row of its features mean, standard deviation and mean change from
        frame to frame.

    Raises:
        EarmarkError: A file is missing or cannot be read.
    """
    rows = {}
    for piece_id in piece_ids:
        path = folder / f"{piece_id}.npy"
        try:
            piece = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise EarmarkError(f"{path} cannot be read: run dvc repro features ({error})") from error
        rows[piece_id] = averages(piece)
    return pd.DataFrame.from_dict(rows, orient="index")


def averages(piece: np.ndarray) -> np.ndarray:
    """Mean, standard deviation and mean absolute change of each row of features (channels, bands, frames)."""
    rows = piece.astype(np.float32).reshape(-1, piece.shape[-1])
    change = np.abs(np.diff(rows, axis=1)).mean(axis=1) if rows.shape[1] > 1 else np.zeros(len(rows))
    return np.concatenate([rows.mean(axis=1), rows.std(axis=1), change]).astype(np.float64)
