"""Harmony: pitch classes and chords relative to the tonic and to the bass, and interval content over time.

References:
    C. Weiß et al., "Investigating style evolution of Western classical music: A computational approach",
        Musicae Scientiae 23(4), 2019: interval and chord content of chroma at several time scales.
"""

from __future__ import annotations

import numpy as np

from earmark.models.notes.histogram import counted, shares
from earmark.models.notes.passage import OCTAVE, STEP_S, Passage

WINDOWS_S = (0.1, 0.5, 2.0, 8.0)
TRIADS = ((4, 7), (3, 7), (3, 6), (4, 8))  # major, minor, diminished, augmented: semitones above the root
FIFTHS = np.exp(2j * np.pi * 7 * np.arange(OCTAVE) / OCTAVE)[:, None]  # the circle of fifths


def harmony(passage: Passage) -> np.ndarray:
    """Statistics of harmony (dimensions,)."""
    tonic, correlations = passage.tonic, np.sort(passage.key_correlations)
    minor = float(passage.key_correlations.argmax() >= OCTAVE)
    sounding = np.flatnonzero(passage.polyphony)
    lowest, highest = passage.lowest[sounding], passage.highest[sounding]
    pitch, step = np.nonzero(passage.roll[:, sounding])
    above_bass = pitch - lowest[step]
    without_bass = above_bass[above_bass > 0]
    top, low = ((chords - tonic) % OCTAVE for chords in (passage.chord_highest, passage.chord_lowest))
    return np.concatenate(
        [
            np.roll(passage.profile, -tonic),
            [minor, correlations[-1], correlations[-2]],
            counted(without_bass % OCTAVE, 0, OCTAVE - 1),
            counted(without_bass, 1, 36),
            counted((lowest - tonic) % OCTAVE, 0, OCTAVE - 1),
            counted((highest - tonic) % OCTAVE, 0, OCTAVE - 1),
            _successions(top),
            _successions(low),
            *(_content(passage, window_s) for window_s in WINDOWS_S),
        ]
    )


def _successions(degrees: np.ndarray) -> np.ndarray:
    """How often a pitch class relative to the tonic is followed by each: (144,)."""
    pairs = degrees[:-1] * OCTAVE + degrees[1:]
    return shares(np.bincount(pairs, minlength=OCTAVE**2).astype(float))


def _content(passage: Passage, window_s: float) -> np.ndarray:
    """Means (12,) and eight deviations over windows of: six interval classes, triads, entropy, fifths."""
    octaves = np.pad(passage.roll, ((0, 4), (0, 0))).reshape(-1, OCTAVE, passage.steps)
    chroma = np.minimum(octaves.sum(axis=0), 2)
    size = min(max(round(window_s / STEP_S), 1), passage.steps)
    starts = np.arange(0, passage.steps - size + 1, max(size // 2, 1))
    total = np.cumsum(np.pad(chroma, ((0, 0), (1, 0))), axis=1)
    weight = (total[:, starts + size] - total[:, starts]).astype(float)
    weight = weight[:, weight.sum(axis=0) > 0]
    share = weight / weight.sum(axis=0)
    intervals = [
        (share * np.roll(share, -semitones, axis=0)).sum(axis=0) * (0.5 if semitones == 6 else 1.0)
        for semitones in range(1, 7)
    ]
    triads = [
        np.cbrt(share * np.roll(share, -third, axis=0) * np.roll(share, -fifth, axis=0)).sum(axis=0)
        for third, fifth in TRIADS
    ]
    entropy = -(share * np.log(share + 1e-12)).sum(axis=0) / np.log(OCTAVE)
    fifths = np.abs((share * FIFTHS).sum(axis=0))
    rows = np.array([*intervals, *triads, entropy, fifths])
    if rows.shape[1] == 0:
        return np.zeros(20)
    return np.concatenate([rows.mean(axis=1), rows[[0, 4, 5, 6, 7, 8, 10, 11]].std(axis=1)])
