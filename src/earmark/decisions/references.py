"""What a bundle keeps of the training pieces' clips: a row of a table, and what the model gave for each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from earmark.foundation.untrusted import Unfit, read_table, read_tensors
from earmark.foundation.words import csv_lines

COLUMNS = ("piece_id", "label", "title", "start_s")
MOST_DIMENSIONS = 65_536


def table_text(columns: Mapping[str, np.ndarray]) -> str:
    """The table with commas, without pandas.

    Args:
        columns: (clips,) each, by name.
    """
    rows = zip(*(np.asarray(columns[name]).tolist() for name in columns), strict=True)
    return "".join(csv_lines([list(columns), *rows]))


def read_columns(file: Path, clips: int) -> dict[str, np.ndarray]:
    """The columns of the table, (clips,) each, by name.

    Args:
        file: Where it lies.
        clips: How many rows it must have.

    Raises:
        Unfit: It is no such table.
    """
    table = read_table(file, COLUMNS, clips)
    columns = {name: np.array(cells, dtype=object) for name, cells in table.items()}
    try:
        return {**columns, "start_s": columns["start_s"].astype(float)}
    except ValueError as error:
        raise Unfit("has a start_s that is no number") from error


def read_embeddings(file: Path) -> np.ndarray:
    """What the model gave for the clips, (clips, dimensions), one clip or more.

    Raises:
        Unfit: The file has no such array, or numbers in it are not finite.
    """
    found = read_tensors(file).get("embeddings")
    if found is None or found.ndim != 2 or found.dtype not in (np.float16, np.float32) or not len(found):
        raise Unfit("has no embeddings")
    if not 0 < found.shape[1] <= MOST_DIMENSIONS or not np.isfinite(found).all():
        raise Unfit("has embeddings that are too wide, or no numbers")
    return found.astype(np.float32)
