"""The waveform itself in a few levels: what a network hears that learns its own filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from earmark.features.frames import mono
from earmark.foundation.errors import PieceError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Levels:
    """Level numbers of samples: each piece is shifted and scaled to [0, 1] by its own extremes,
    digitized, and every `decimation`-th sample taken, without a low-pass filter.

    Channels are mixed (their mean) before. bits: 2 ** bits levels. Without a filter, what lies above
    half of the new rate is folded below it: resample the audio and set decimation to 1 to avoid that.
    """

    uses_torch = True
    in_decibels = False  # levels of the waveform
    bands_per_semitone = 0

    bits: int = 4
    decimation: int = 4

    def check(self, sample_rate_hz: int) -> None:
        """Raise ValueError where these parameters cannot work at `sample_rate_hz`."""
        if not 1 <= self.bits <= 11:  # float16 holds whole numbers up to 2048
            raise ValueError(f"features.bits={self.bits} must lie within 1 and 11")
        if not 1 <= self.decimation < sample_rate_hz:
            raise ValueError(f"features.decimation={self.decimation} must be 1 or more")

    def bands(self) -> int:
        """Rows of the result: one, of level numbers."""
        return 1

    def channels(self, audio_channels: int) -> int:
        """One, whatever the audio has: channels are mixed."""
        return 1

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Samples of the result per second."""
        return sample_rate_hz / self.decimation

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> torch.Tensor:
        """Waveform (channels, samples) of float32 to (1, 1, samples / decimation, rounded up).

        Values are whole: 0 for the piece's minimum alone, then 2 ** bits - 1 equal steps up to the
        maximum. Raises PieceError where all samples are equal.
        """
        import torch

        samples = mono(waveform).numpy().astype(np.float64)
        low, high = samples.min(), samples.max()
        if not low < high:
            raise PieceError("has no sound: all its samples are equal")
        # Levels are of single samples: only those that are kept need one.
        share = (samples[:: self.decimation] - low) / (high - low)
        steps = 2**self.bits - 1
        levels = np.digitize(share, np.arange(steps + 1) / steps, right=True)
        return torch.from_numpy(levels.astype(np.float32))[None, None]
