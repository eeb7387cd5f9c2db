"""What the ear makes of a waveform: how likely each pitch begins and sounds in each frame, and the tuning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from earmark.features.ear.network import CONTEXT, logits, trained
from earmark.features.ear.spectrum import (
    FRAME_RATE_HZ,
    PITCHES,
    RATE_HZ,
    constant_q,
    harmonic_stack,
)
from earmark.features.ear.tuning import tuning_cents
from earmark.foundation.deadline import check_deadline

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BLOCK = 256  # frames answered at a time, 6 s: the maps of more are slow to reach in memory
LOUDEST_WITHIN = 172  # frames on either side, 4 s, among which the loudest point is the network's 1
QUIETEST_TOP_DB = 40.0  # below the piece's loudest point: softer passages are not made louder than that


@dataclass(frozen=True)
class Hearing:
    """Probabilities from 0 to 1, float32 (pitches, frames), of pitch LOWEST_PITCH upwards.

    Attributes:
        onset: That a note begins, at its highest within a frame of the onset.
        sounding: That a note sounds.
        tuning_cents: Cents by which the music lies above A4 = 440 Hz.
    """

    onset: np.ndarray
    sounding: np.ndarray
    tuning_cents: float

    @property
    def duration_s(self) -> float:
        """Duration of what was heard, seconds."""
        return self.onset.shape[1] / FRAME_RATE_HZ


def at_ear_rate(waveform: np.ndarray, rate_hz: int) -> np.ndarray:
    """Mix a waveform (channels, samples) to one channel at RATE_HZ: (samples,) of float32."""
    import soxr

    mono = np.ascontiguousarray(waveform.mean(axis=0, dtype=np.float32))
    return mono if rate_hz == RATE_HZ else soxr.resample(mono, rate_hz, RATE_HZ)


def hear(
    samples: np.ndarray,
    correct_tuning: bool = True,
    network: InferenceSession | None = None,
    cents: float | None = None,
) -> Hearing:
    """Hear notes.

    Args:
        samples: One channel at RATE_HZ (samples,), float32.
        correct_tuning: Whether the bands follow the music's tuning.
        network: By default that which is shipped.
        cents: By how much the music lies above A4 = 440 Hz; measured where it is not given.
    """
    network = trained() if network is None else network
    if cents is None:
        cents = tuning_cents(samples) if correct_tuning else 0.0
    decibels = constant_q(samples, round(cents, 1))
    loudest = _loudest(decibels)
    frames = decibels.shape[1]
    answers = np.empty((2, PITCHES, frames), np.float32)
    for start in range(0, frames, BLOCK):
        check_deadline()
        first, end = max(start - CONTEXT, 0), min(start + BLOCK, frames)
        last = min(end + CONTEXT, frames)
        stack = harmonic_stack(decibels[:, first:last], loudest[first:last])
        answer = 1 / (1 + np.exp(-logits(network, stack[None])[0].astype(np.float64)))
        answers[:, :, start:end] = answer[:, :, start - first : end - first]
    return Hearing(answers[0], answers[1], cents)


def _loudest(decibels: np.ndarray) -> np.ndarray:
    """The level that the network takes for 1, for each frame (frames,): that of the passage around it."""
    tops = np.pad(decibels.max(axis=0), LOUDEST_WITHIN, constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(tops, 2 * LOUDEST_WITHIN + 1).max(axis=1)
    return np.maximum(around, tops.max() - QUIETEST_TOP_DB)
