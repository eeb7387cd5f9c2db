"""How far the music lies from A4 = 440 Hz: the mean of its partials' distances from the nearest semitone."""

from __future__ import annotations

import numpy as np

from earmark.features.ear.spectrum import RATE_HZ

FRAME_LENGTH = 8192  # samples, 0.37 s: tells partials a semitone apart down to about 100 Hz
MOST_FRAMES = 400  # spread over the piece
LOWEST_HZ, HIGHEST_HZ = 80.0, 1600.0  # below, partials melt together; above, strings are stretched
WEAKEST_DB = -50.0  # below the loudest partial
SEMITONE_CENTS = 100.0


def tuning_cents(samples: np.ndarray) -> float:
    """Measure the tuning: the direction of `tuning_vector`.

    Args:
        samples: One channel at RATE_HZ (samples,).

    Returns:
        Cents above A4 = 440 Hz, from -50 to 50; 0 where there are no partials.
    """
    return cents_of(tuning_vector(samples))


def cents_of(vector: complex) -> float:
    """Cents above A4 = 440 Hz, from -50 to 50, of a vector, or of the sum of those of several passages."""
    return float(np.angle(vector) / (2 * np.pi) * SEMITONE_CENTS)


def tuning_vector(samples: np.ndarray) -> complex:
    """Sum up the partials by their distances from the nearest semitone.

    Peaks of the spectrum are placed by a parabola through the logarithm of three bins; their distances from
    the nearest semitone are averaged as angles, weighted by their amplitudes, since 49 cents above a semitone
    lies next to 49 cents below the one above.

    Args:
        samples: One channel at RATE_HZ (samples,).

    Returns:
        A vector whose angle is the mean distance, a whole turn for a semitone; 0 where there are no partials.
    """
    frames = _frames(samples)
    if len(frames) == 0:
        return 0j
    magnitude = np.abs(np.fft.rfft(frames * np.hanning(FRAME_LENGTH), axis=1)) + 1e-12
    low, high = (int(hz * FRAME_LENGTH / RATE_HZ) for hz in (LOWEST_HZ, HIGHEST_HZ))
    left, here, right = (magnitude[:, low + step : high + step] for step in (-1, 0, 1))
    strongest = magnitude[:, low:high].max()
    is_peak = (here > left) & (here >= right) & (here > strongest * 10 ** (WEAKEST_DB / 20))
    _, column = np.nonzero(is_peak)
    if len(column) == 0:
        return 0j
    below, at, above = (np.log(part[is_peak]) for part in (left, here, right))
    shift = 0.5 * (below - above) / (below - 2 * at + above - 1e-12)
    hz = (low + column + shift) * RATE_HZ / FRAME_LENGTH
    angle = 2 * np.pi * 12 * np.log2(hz / 440.0)
    return complex(np.sum(np.sqrt(here[is_peak]) * np.exp(1j * angle)))


def _frames(samples: np.ndarray) -> np.ndarray:
    """At most MOST_FRAMES frames, evenly spread: (frames, FRAME_LENGTH)."""
    if len(samples) < FRAME_LENGTH:
        return np.empty((0, FRAME_LENGTH))
    last = len(samples) - FRAME_LENGTH
    starts = np.linspace(0, last, min(MOST_FRAMES, 1 + last // (FRAME_LENGTH // 2))).astype(int)
    return samples[starts[:, None] + np.arange(FRAME_LENGTH)].astype(np.float64)
