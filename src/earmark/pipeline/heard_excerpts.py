"""The beginnings of test pieces, read from their files and heard in a further rendering."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from earmark.bundle import Bundle
from earmark.identify.encoding import encoding_of
from earmark.learning.dataset.arrays import FeatureArrays
from earmark.music.catalog import KNOWN, RENDERING_MARK
from earmark.music.clip_geometry import ClipGeometry, clip_of


def heard_excerpts(
    bundle: Bundle, geometry: ClipGeometry, pieces: pd.DataFrame, made: pd.Series, folder: Path
) -> pd.DataFrame:
    """What a model makes of as many seconds of each known test piece as its first rendering lasts.

    Args:
        bundle: The model.
        geometry: Of its clips.
        pieces: The table of splits.
        made: Names of pieces and renderings that have features.
        folder: data/features.

    Returns:
        A row for each of these pieces that has a rendering: piece_id, label, and the nearest label of the
        excerpt as the piece's own features have it (`read`) and as the rendering's (`heard`).

    Raises:
        EarmarkError: Features are missing or cannot be read.
    """
    encode = encoding_of(bundle)

    def nearest(features: np.ndarray) -> str:
        starts = geometry.starts(features.shape[-1])
        clips = np.stack([clip_of(features, start, geometry.frames) for start in starts])
        return bundle.decision.predict(encode(clips)).nearest

    test, rows, names = pieces[(pieces.role == KNOWN) & (pieces.split == "test")], [], set(made)
    for piece in test.sort_values("piece_id").itertuples():
        if (rendering := f"{piece.piece_id}{RENDERING_MARK}1") in names:
            arrays = FeatureArrays(folder, [str(piece.piece_id), rendering])
            own, heard = arrays.piece(0), arrays.piece(1)
            read = nearest(own[..., : heard.shape[-1]])
            rows.append((piece.piece_id, piece.label, read, nearest(heard)))
    return pd.DataFrame(rows, columns=["piece_id", "label", "read", "heard"])
