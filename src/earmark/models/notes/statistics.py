"""A passage as one vector of statistics of its notes."""

from __future__ import annotations

from functools import cache

import numpy as np

from earmark.models.notes.harmony import harmony
from earmark.models.notes.melody import melody
from earmark.models.notes.metre import metre
from earmark.models.notes.passage import FEWEST_NOTES, Passage
from earmark.models.notes.rhythm import rhythm
from earmark.models.notes.texture import texture


def note_statistics(
    onset_s: np.ndarray, end_s: np.ndarray, pitch: np.ndarray, with_metre: bool = False
) -> np.ndarray:
    """Statistics of harmony, melody, rhythm and texture, and of metre where that is asked for.

    Pitch classes are counted from the likeliest tonic, so that they do not depend on the key; loudness and
    instruments do not count.

    Args:
        onset_s: Seconds (n,).
        end_s: Seconds (n,).
        pitch: MIDI numbers (n,).
        with_metre: Whether `metre` follows the others.

    Returns:
        (`dimensions(with_metre)`,) of float32; zeros for fewer than FEWEST_NOTES notes.
    """
    if len(pitch) < FEWEST_NOTES:
        return np.zeros(dimensions(with_metre), np.float32)
    passage = Passage.of(onset_s, end_s, pitch)
    parts = [harmony(passage), melody(passage), rhythm(passage), texture(passage)]
    if with_metre:
        parts.append(metre(passage))
    return np.concatenate(parts).astype(np.float32)


@cache
def dimensions(with_metre: bool = False) -> int:
    """Numbers of a passage."""
    second = np.arange(FEWEST_NOTES, dtype=float)
    return len(note_statistics(second, second + 1, np.arange(60, 60 + FEWEST_NOTES), with_metre))
