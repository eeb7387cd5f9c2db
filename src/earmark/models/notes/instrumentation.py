"""Instrumentation: which families of instruments play, where a file says so."""

from __future__ import annotations

import numpy as np

from earmark.features.notes import FAMILIES
from earmark.models.notes.histogram import shares

INSTRUMENTATION = FAMILIES + 1


def instrumentation(sounding: np.ndarray) -> np.ndarray:
    """Statistics of the families of instruments that play in a clip.

    Args:
        sounding: Whether each family sounds (FAMILIES, frames), 0 or 1.

    Returns:
        (INSTRUMENTATION,) of float32: `shares` of the families in the sounding time, and how many there are.
    """
    time = sounding.sum(axis=1, dtype=np.float64)
    return np.append(shares(time), (time > 0).sum() / 4).astype(np.float32)  # four parts are usual
