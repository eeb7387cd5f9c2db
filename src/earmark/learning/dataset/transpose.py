"""Transposition that moves sound and key together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from earmark.decisions.keys import KEYS, SEMITONES
from earmark.foundation.contracts import FrontEnd
from earmark.foundation.errors import EarmarkError
from earmark.learning.dataset.augment import per_clip, quietest, shifted
from earmark.learning.dataset.draws import Draws


@dataclass(frozen=True)
class Transposition:
    """Shifts a pitch-wise spectrogram by whole semitones and its key with it.

    max_semitones: up or down by up to this. bands_per_semitone: of the front end.
    """

    max_semitones: int
    bands_per_semitone: int

    @classmethod
    def of(cls, max_semitones: int, front_end: FrontEnd, classes: Sequence[str]) -> Transposition | None:
        """None where `max_semitones` is 0. Raises EarmarkError where sound or labels have no semitones."""
        if not max_semitones:
            return None
        bands = front_end.bands_per_semitone
        if not bands:
            raise EarmarkError(
                "dataset.max_transposition needs a pitch-wise front end: features=pitch, or set it to 0"
            )
        if tuple(classes) != KEYS:
            raise EarmarkError(
                "dataset.max_transposition is for the 24 keys (data.labels of data=key): set it to 0"
            )
        return cls(max_semitones, bands)

    def __call__(
        self, clips: torch.Tensor, keys: torch.Tensor, draws: Draws
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Clips (clips, channels, bands, frames) and the numbers of their keys in KEYS, both moved."""
        drawn = draws.integers("semitones", -self.max_semitones, self.max_semitones + 1)
        semitones = per_clip(drawn, clips).flatten()
        moved = shifted(clips, semitones * self.bands_per_semitone, quietest(clips))
        return moved, keys // SEMITONES * SEMITONES + (keys + semitones) % SEMITONES
