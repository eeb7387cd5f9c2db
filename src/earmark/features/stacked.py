"""Several front ends as one: their bands stacked, frame by frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earmark import features  # noqa: F401  (parts may be any of its members: all belong to the code version)
from earmark.foundation.contracts import FrontEnd


def check_frame_rates(parts: Sequence[FrontEnd], sample_rate_hz: int) -> None:
    """Check that front ends give as many frames a second.

    Args:
        parts: The front ends.
        sample_rate_hz: Sampling rate of the audio, Hz.

    Raises:
        ValueError: There are none, or their frame rates differ.
    """
    if not parts:
        raise ValueError("features.parts is empty: name one front end or more")
    rates = [part.frame_rate_hz(sample_rate_hz) for part in parts]
    if not all(math.isclose(rate, rates[0]) for rate in rates):
        listed = ", ".join(
            f"{type(part).__name__} {rate:.3f}" for part, rate in zip(parts, rates, strict=True)
        )
        raise ValueError(f"features.parts differ in frames a second ({listed}): give them equal hops")


@dataclass(frozen=True)
class Stacked:
    """The bands of several front ends of equal hop.

    Attributes:
        parts: The front ends, that of the lowest rows first.
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
            ValueError: Where there are no parts, a part cannot work at this rate, or frame rates differ.
        """
        for part in self.parts:
            part.check(sample_rate_hz)
        check_frame_rates(self.parts, sample_rate_hz)

    def bands(self) -> int:
        """Rows of the result."""
        return sum(part.bands() for part in self.parts)

    def channels(self, audio_channels: int) -> int:
        """Channels of the result, equal in all parts.

        Raises:
            ValueError: Where some parts mix the channels and others do not.
        """
        channels = {part.channels(audio_channels) for part in self.parts}
        if len(channels) > 1:
            raise ValueError(
                f"features.parts differ in channels for audio.channels={audio_channels}: set audio.channels=1"
            )
        return channels.pop()

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        return self.parts[0].frame_rate_hz(sample_rate_hz)

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        """Features of all parts, stacked.

        Parts that treat the end of the audio differently may differ by a frame: the result has the frames of
        the shortest one.

        Args:
            waveform: (channels, samples) of float32, full scale 1.
            sample_rate_hz: Sampling rate, Hz.

        Returns:
            (channels, bands, frames) of float32.

        Raises:
            PieceError: Where a part cannot transform the waveform.
            ValueError: As `channels`.
        """
        self.channels(waveform.shape[0])
        results = [np.asarray(part(waveform, sample_rate_hz)) for part in self.parts]
        frames = min(result.shape[2] for result in results)
        return np.concatenate([result[..., :frames] for result in results], axis=1)
