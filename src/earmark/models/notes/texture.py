"""Texture: register, range, how many notes sound and begin together, how far apart."""

from __future__ import annotations

import numpy as np

from earmark.models.notes.histogram import counted, shares
from earmark.models.notes.passage import OCTAVE, Passage

LOWEST_PITCH = 21


def texture(passage: Passage) -> np.ndarray:
    """Statistics of texture (dimensions,)."""
    pitch, weight = passage.pitch, passage.duration_s
    sounding = passage.polyphony > 0
    place = np.clip((pitch - LOWEST_PITCH) // 4, 0, 21)  # thirds of an octave
    width = (passage.highest - passage.lowest)[sounding]
    return np.concatenate(
        [
            [pitch.mean() / OCTAVE, pitch.std() / OCTAVE, np.average(pitch, weights=weight) / OCTAVE],
            np.percentile(pitch, [2, 10, 25, 50, 75, 90, 98]) / OCTAVE,
            shares(np.bincount(place, weight, 22)),
            counted(passage.polyphony, 0, 9),
            [passage.polyphony.mean()],
            counted(width // 3, 0, 20),
            counted(np.bincount(passage.chord), 1, 8),
        ]
    )
