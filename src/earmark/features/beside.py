"""Several front ends side by side, for a model with an encoder for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earmark import features  # noqa: F401  (parts may be any of its members: all belong to the code version)
from earmark.features.stacked import check_frame_rates
from earmark.foundation.contracts import FrontEnd


@dataclass(frozen=True)
class Beside:
    """The channels and bands of several front ends of equal hop, all of them as rows of one channel.

    Other than in `Stacked`, parts may differ in their channels: notes have onsets and sounding pitches, and a
    spectrogram has one channel. The mean of the audio's channels is transformed.

    Attributes:
        parts: The front ends, that of the lowest rows first; of each the first channel comes first.
        in_decibels: False: parts may have other units.
        bands_per_semitone: 0: a transposition shifts parts by different numbers of bands.
    """

    parts: Sequence[FrontEnd]

    in_decibels = False
    bands_per_semitone = 0

    def __post_init__(self) -> None:
        """Keep `parts` as a tuple, so that equal settings are equal and hashable."""
        object.__setattr__(self, "parts", tuple(self.parts))

    @property
    def uses_torch(self) -> bool:
        """Whether one of the parts runs in torch."""
        return any(part.uses_torch for part in self.parts)

    def check(self, sample_rate_hz: int) -> None:
        """Check that the parts can work, and together.

        Args:
            sample_rate_hz: Sampling rate of the audio, Hz.

        Raises:
            ValueError: Where there are no parts, a part cannot work at this rate or reads notes from files,
                or frame rates differ.
        """
        for part in self.parts:
            part.check(sample_rate_hz)
            if getattr(part, "notes_of", "sound") != "sound":
                raise ValueError("features.parts hear the sound of every piece: set notes_of=sound in them")
        check_frame_rates(self.parts, sample_rate_hz)

    def bands(self) -> int:
        """Rows of the result."""
        return sum(part.channels(1) * part.bands() for part in self.parts)

    def channels(self, audio_channels: int) -> int:
        """Channels of the result: 1."""
        return 1

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        return self.parts[0].frame_rate_hz(sample_rate_hz)

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        """Features of all parts, one above the other, with the frames of the shortest.

        Args:
            waveform: (channels, samples) of float32, full scale 1.
            sample_rate_hz: Sampling rate, Hz.

        Returns:
            (1, bands, frames) of float32.

        Raises:
            PieceError: Where a part cannot transform the waveform.
        """
        mono = waveform.mean(axis=0, keepdims=True)
        results = [np.asarray(part(mono, sample_rate_hz)) for part in self.parts]
        frames = min(result.shape[2] for result in results)
        rows = [result[..., :frames].reshape(-1, frames) for result in results]
        return np.concatenate(rows)[None].astype(np.float32)
