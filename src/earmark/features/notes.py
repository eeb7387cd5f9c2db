"""Notes as features: how likely each of the 88 pitches of a piano begins and sounds, heard by the ear.

Whatever plays, the features are the same music's: an instrument, a room or a codec changes them little,
and a transposition is a shift of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.features.ear.hearing import at_ear_rate, hear
from earmark.features.ear.spectrum import FRAME_RATE_HZ, PITCHES
from earmark.foundation.errors import PieceError

LOWEST_RATE_HZ = 8_000  # below, too few partials are left


@dataclass(frozen=True)
class HeardNotes:
    """Notes heard in the mean of the channels.

    Attributes:
        uses_torch: Whether the transform runs in torch.
        in_decibels: False: values are probabilities.
        bands_per_semitone: 1.
        correct_tuning: Whether the bands follow the music's tuning.
        pooled_frames: The ear's frames (43 a second) of which the highest probability is kept.
    """

    uses_torch = True
    in_decibels = False
    bands_per_semitone = 1

    correct_tuning: bool = True
    pooled_frames: int = 1

    def check(self, sample_rate_hz: int) -> None:
        """Check that the settings can work.

        Args:
            sample_rate_hz: Sampling rate of the audio, Hz.

        Raises:
            ValueError: Where a setting cannot work at this rate; the message names it.
        """
        if sample_rate_hz < LOWEST_RATE_HZ:
            raise ValueError(f"features=notes needs audio.sample_rate={LOWEST_RATE_HZ} or more")
        if not 1 <= self.pooled_frames <= 8:
            raise ValueError(f"features.pooled_frames={self.pooled_frames} must lie within 1 and 8")

    def bands(self) -> int:
        """Rows of the result: pitches from A0."""
        return PITCHES

    def channels(self, audio_channels: int) -> int:
        """Channels of the result: 2, onsets and sounding notes."""
        return 2

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        return FRAME_RATE_HZ / self.pooled_frames

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        """Hear a waveform.

        Args:
            waveform: (channels, samples) of float32, full scale 1.
            sample_rate_hz: Sampling rate, Hz.

        Returns:
            (2, 88, frames) of float32, from 0 to 1: that a note begins, that it sounds.

        Raises:
            PieceError: Where there are no samples.
        """
        if waveform.shape[1] == 0:
            raise PieceError("has no samples")
        heard = hear(at_ear_rate(waveform, sample_rate_hz), self.correct_tuning)
        both = np.stack([heard.onset, heard.sounding])
        missing = -both.shape[2] % self.pooled_frames
        both = np.pad(both, ((0, 0), (0, 0), (0, missing)))
        return both.reshape(2, PITCHES, -1, self.pooled_frames).max(axis=-1)
