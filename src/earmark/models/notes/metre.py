"""Metre: how onsets, durations, leaps and pitches repeat after so many subdivisions of the beat.

Time is counted in halves of the median interval between onsets, so that pace does not count: a jig repeats
itself after three and six of its quavers, a reel after four and eight.

References:
    J. Brown, Determination of the meter of musical scores by autocorrelation, JASA 94(4), 1993.
    P. Toiviainen and T. Eerola, Autocorrelation in meter induction: the role of accent structure,
        JASA 119(2), 2006: accents by duration and by melodic leap.
"""

from __future__ import annotations

import numpy as np

from earmark.models.notes.histogram import shares
from earmark.models.notes.passage import OCTAVE, Passage

LAGS = np.arange(1, 33)  # steps: up to 16 median intervals
LONGEST_STEPS = 8  # of a duration
NEAR = np.linspace(0.94, 1.06, 25)  # of half the median interval: lengths of a step that are tried
RATIO_EDGES = np.linspace(-2.25, 2.25, 10)  # log2 of successive durations; a dotted pair is at 1.58
FEWEST_ONSETS = 8
SHORTEST_S, LONGEST_S = 0.03, 3.0  # of an interval that counts
DIMENSIONS = 4 * len(LAGS) + LONGEST_STEPS + 1 + len(RATIO_EDGES) - 1


def metre(passage: Passage) -> np.ndarray:
    """Statistics of metre (DIMENSIONS,); zeros for fewer than FEWEST_ONSETS onsets."""
    onset_s, pitch = passage.chord_onset_s, passage.chord_highest
    between_s = np.diff(onset_s)
    between_s = between_s[(between_s > SHORTEST_S) & (between_s < LONGEST_S)]
    if len(onset_s) < FEWEST_ONSETS or len(between_s) < FEWEST_ONSETS // 2:
        return np.zeros(DIMENSIONS)
    step_s = _step(onset_s, float(np.median(between_s)) / 2)
    place = np.round((onset_s - onset_s[0]) / step_s).astype(np.int64)
    steps = int(place[-1]) + 1
    duration = np.append(np.diff(place), 2)
    leap = np.minimum(np.abs(np.diff(pitch, prepend=pitch[0])), OCTAVE) / OCTAVE
    begun, long, leapt = np.zeros(steps), np.zeros(steps), np.zeros(steps)
    np.maximum.at(begun, place, 1.0)
    np.maximum.at(long, place, np.minimum(duration, LONGEST_STEPS))
    np.maximum.at(leapt, place, leap)
    sounding = pitch[np.searchsorted(place, np.arange(steps), side="right") - 1]
    ratio = np.log2(np.maximum(duration[1:], 0.5) / np.maximum(duration[:-1], 0.5))
    counts = np.bincount(np.minimum(duration, LONGEST_STEPS + 1), minlength=LONGEST_STEPS + 2)[1:]
    return np.concatenate(
        [
            *(_autocorrelation(accents) for accents in (begun, long, leapt)),
            [float((sounding[:-lag] == sounding[lag:]).mean()) if steps > lag else 0.0 for lag in LAGS],
            shares(counts.astype(float)),
            shares(np.histogram(ratio, RATIO_EDGES)[0].astype(float)),
        ]
    )


def _step(onset_s: np.ndarray, about_s: float) -> float:
    """The length of a step near `about_s`, in whose multiples the onsets lie best."""
    tried = about_s * NEAR
    phases = np.exp(2j * np.pi * onset_s[:, None] / tried)
    return float(tried[np.abs(phases.mean(axis=0)).argmax()])


def _autocorrelation(accents: np.ndarray) -> np.ndarray:
    """Of accents (steps,) at LAGS, from -1 to 1; 0 at lags that are too long."""
    centred = accents - accents.mean()
    power = float((centred**2).sum()) + 1e-9
    return np.array(
        [(centred[:-lag] * centred[lag:]).sum() / power if len(centred) > lag else 0.0 for lag in LAGS]
    )
