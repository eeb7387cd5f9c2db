"""What the ear makes of a waveform: how likely each pitch begins and sounds in each frame, and the tuning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from earmark.features.ear.network import CONTEXT, logits, trained_weights
from earmark.features.ear.spectrum import (
    FRAME_RATE_HZ,
    PITCHES,
    RATE_HZ,
    constant_q,
    harmonic_stack,
)
from earmark.features.ear.tuning import tuning_cents

if TYPE_CHECKING:
    import torch

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
    weights: Mapping[str, torch.Tensor] | None = None,
) -> Hearing:
    """Hear notes.

    Args:
        samples: One channel at RATE_HZ (samples,), float32.
        correct_tuning: Whether the bands follow the music's tuning.
        weights: The network's; by default those that are shipped.
    """
    import torch

    weights = trained_weights() if weights is None else weights
    cents = tuning_cents(samples) if correct_tuning else 0.0
    with torch.inference_mode():
        decibels = constant_q(samples, round(cents, 1))
        loudest = _loudest(decibels)
        frames = decibels.shape[1]
        answers = np.empty((2, PITCHES, frames), np.float32)
        for start in range(0, frames, BLOCK):
            first, end = max(start - CONTEXT, 0), min(start + BLOCK, frames)
            last = min(end + CONTEXT, frames)
            stack = harmonic_stack(decibels[:, first:last], loudest[first:last])
            answer = torch.sigmoid(logits(weights, stack[None]))[0]
            answers[:, :, start:end] = answer[:, :, start - first : end - first].numpy()
    return Hearing(answers[0], answers[1], cents)


def _loudest(decibels: torch.Tensor) -> torch.Tensor:
    """The level that the network takes for 1, for each frame (frames,): that of the passage around it."""
    import torch

    tops = decibels.amax(dim=0)
    around = torch.nn.functional.max_pool1d(
        tops[None, None], 2 * LOUDEST_WITHIN + 1, stride=1, padding=LOUDEST_WITHIN
    )[0, 0]
    return around.clamp_min(float(tops.max()) - QUIETEST_TOP_DB)
