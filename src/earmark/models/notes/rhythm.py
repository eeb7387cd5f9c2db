"""Rhythm: intervals between onsets and durations, in seconds and by their median, and periodicity."""

from __future__ import annotations

import numpy as np

from earmark.models.notes.histogram import binned
from earmark.models.notes.passage import Passage

LAGS = np.arange(2, 41)  # steps of 50 ms: 0.1 to 2 s


def rhythm(passage: Passage) -> np.ndarray:
    """Statistics of rhythm (dimensions,)."""
    between_s = np.diff(passage.chord_onset_s)
    between_s = between_s[(between_s > 0.03) & (between_s < 5)]
    if len(between_s) < 3:
        between_s = np.full(3, 0.5)
    median_s = float(np.median(between_s))
    chords = len(passage.chord_onset_s)
    return np.concatenate(
        [
            binned(np.log2(between_s), np.linspace(-5, 2, 15)),
            binned(np.log2(between_s / median_s), np.linspace(-3, 3, 25)),
            binned(np.log2(between_s[1:] / between_s[:-1]), np.linspace(-3.1, 3.1, 24)),
            binned(np.log2(passage.duration_s), np.linspace(-5, 3, 17)),
            binned(np.log2(passage.duration_s / median_s), np.linspace(-3, 4, 22)),
            np.log2([median_s, len(passage.pitch) / passage.length_s, chords / passage.length_s]),
            [between_s.std() / between_s.mean()],
            _periodicity(passage),
        ]
    )


def _periodicity(passage: Passage) -> np.ndarray:
    """Autocorrelation of the onsets at LAGS."""
    onsets = np.bincount(passage.step_of(passage.chord_onset_s), minlength=passage.steps).astype(float)
    onsets -= onsets.mean()
    variance = onsets.var() + 1e-9
    return np.array(
        [np.mean(onsets[:-lag] * onsets[lag:]) / variance if lag < len(onsets) else 0.0 for lag in LAGS]
    )
