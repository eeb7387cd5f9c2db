"""Melody: intervals of the highest and of the lowest line, alone and in pairs."""

from __future__ import annotations

import numpy as np

from earmark.models.notes.histogram import counted, shares
from earmark.models.notes.passage import OCTAVE, Passage

LEAPS = (1, 3, 5, 8)  # semitones from which an interval is a step, a third, a fourth or fifth, a wide leap
KINDS = 2 * len(LEAPS) + 1


def melody(passage: Passage) -> np.ndarray:
    """Statistics of both lines (dimensions,)."""
    step = passage.step_of(passage.chord_onset_s)
    # A chord's note is of the line only where nothing that was struck before lies outside of it.
    top = passage.chord_highest[passage.chord_highest >= passage.highest[step]]
    low = passage.chord_lowest[passage.chord_lowest <= passage.lowest[step]]
    return np.concatenate([_line(top), _line(low)])


def _line(pitch: np.ndarray) -> np.ndarray:
    """Intervals up to an octave and more (27,), and pairs of kinds of intervals (81,)."""
    interval = np.diff(pitch)
    kind = np.sign(interval) * np.digitize(np.abs(interval), LEAPS) + len(LEAPS)
    pairs = kind[:-1] * KINDS + kind[1:]
    return np.concatenate(
        [
            counted(interval, -OCTAVE - 1, OCTAVE + 1),
            shares(np.bincount(pairs, minlength=KINDS**2).astype(float)),
        ]
    )
