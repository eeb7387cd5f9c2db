"""Several front ends as one: their bands one above the other, frame by frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earmark import features  # noqa: F401  (a config chooses the parts among its members: all of them count)
from earmark.foundation.contracts import FrontEnd


@dataclass(frozen=True)
class Stacked:
    """The bands of `parts` (front ends of equal hop), the first part's lowest."""

    parts: Sequence[FrontEnd]

    uses_torch = True  # some parts do
    in_decibels = False  # not all parts are
    bands_per_semitone = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))

    def check(self, sample_rate_hz: int) -> None:
        """Raise ValueError where a part cannot work at `sample_rate_hz`, or their hops differ."""
        if not self.parts:
            raise ValueError("features.parts is empty: name one front end or more")
        for part in self.parts:
            part.check(sample_rate_hz)
        rates = [part.frame_rate_hz(sample_rate_hz) for part in self.parts]
        if not all(math.isclose(rate, rates[0]) for rate in rates):
            listed = ", ".join(
                f"{type(part).__name__} {rate:.3f}" for part, rate in zip(self.parts, rates, strict=True)
            )
            raise ValueError(f"features.parts differ in frames a second ({listed}): give them equal hops")

    def bands(self) -> int:
        """Rows of the result."""
        return sum(part.bands() for part in self.parts)

    def channels(self, audio_channels: int) -> int:
        """What all parts agree on. Raises ValueError where some mix the channels and others do not."""
        found = {part.channels(audio_channels) for part in self.parts}
        if len(found) > 1:
            raise ValueError(
                f"features.parts differ in channels for audio.channels={audio_channels}: set audio.channels=1"
            )
        return found.pop()

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        return self.parts[0].frame_rate_hz(sample_rate_hz)

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        """Waveform (channels, samples) of float32 to (channels, bands, frames of the shortest part).

        Parts of equal hop differ by a frame where they treat the end differently.
        """
        self.channels(waveform.shape[0])
        results = [np.asarray(part(waveform, sample_rate_hz)) for part in self.parts]
        frames = min(result.shape[2] for result in results)
        return np.concatenate([result[..., :frames] for result in results], axis=1)
