"""The waveform itself, quantised to a few levels: input of networks that learn their own filters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.features.frames import mono
from earmark.foundation.errors import PieceError


@dataclass(frozen=True)
class Levels:
    """Level numbers of samples.

    The mean of the channels is shifted and scaled to [0, 1] by the piece's minimum and maximum and digitised,
    and every `decimation`-th sample is kept. No low-pass filter is applied: frequencies above half of the new
    rate are aliased. To avoid that, resample the audio and set `decimation` to 1.

    Attributes:
        uses_torch: Whether the transform runs in torch.
        in_decibels: False: rows are levels of the waveform.
        bands_per_semitone: 0: there are no bands.
        bits: There are 2 ** bits levels.
        decimation: Samples of the audio per sample that is kept.
    """

    uses_torch = False
    in_decibels = False
    bands_per_semitone = 0

    bits: int = 4
    decimation: int = 4

    def check(self, sample_rate_hz: int) -> None:
        """Check that the settings can work.

        Args:
            sample_rate_hz: Sampling rate of the audio, Hz.

        Raises:
            ValueError: Where a setting cannot work at this rate; the message names it.
        """
        if not 1 <= self.bits <= 11:  # float16 holds whole numbers up to 2048
            raise ValueError(f"features.bits={self.bits} must lie within 1 and 11")
        if not 1 <= self.decimation < sample_rate_hz:
            raise ValueError(f"features.decimation={self.decimation} must be 1 or more")

    def bands(self) -> int:
        """Rows of the result: 1, of level numbers."""
        return 1

    def channels(self, audio_channels: int) -> int:
        """Channels of the result: 1, the mean of the audio's channels."""
        return 1

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Samples of the result per second."""
        return sample_rate_hz / self.decimation

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        """Level numbers of a waveform.

        Args:
            waveform: (channels, samples) of float32.
            sample_rate_hz: Sampling rate; levels do not depend on it.

        Returns:
            (1, 1, samples / decimation rounded up) of whole numbers as float32: 0 for the piece's minimum
            alone, then 2 ** bits - 1 equal steps up to the maximum.

        Raises:
            PieceError: Where all samples are equal, or there are none.
        """
        samples = mono(waveform).astype(np.float64)
        low, high = samples.min(), samples.max()
        if not low < high:
            raise PieceError("has no sound: all its samples are equal")
        # Levels are of single samples: only those that are kept need one.
        share = (samples[:: self.decimation] - low) / (high - low)
        steps = 2**self.bits - 1
        levels = np.digitize(share, np.arange(steps + 1) / steps, right=True)
        return levels.astype(np.float32)[None, None]
