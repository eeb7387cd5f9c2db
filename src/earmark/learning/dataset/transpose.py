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

    Attributes:
        max_semitones: Up or down by up to this.
        bands_per_semitone: Of the front end.
    """

    max_semitones: int
    bands_per_semitone: int

    @classmethod
    def of(cls, max_semitones: int, front_end: FrontEnd, classes: Sequence[str]) -> Transposition | None:
        """The transposition that settings ask for.

        Args:
            max_semitones: Setting dataset.max_transposition.
            front_end: What makes the clips.
            classes: The labels in the order of class numbers.

        Returns:
            None where `max_semitones` is 0.

        Raises:
            EarmarkError: The front end is not pitch-wise, or the labels are not the 24 keys.
        """
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
        """Transpose a batch.

        Args:
            clips: (n, channels, bands, frames); they stay as they are.
            keys: Their numbers in KEYS (n,).
            draws: Random numbers of each clip.

        Returns:
            Clips and keys, both moved.
        """
        drawn = draws.integers("semitones", -self.max_semitones, self.max_semitones + 1)
        semitones = per_clip(drawn, clips).flatten()
        moved = shifted(clips, semitones * self.bands_per_semitone, quietest(clips))
        return moved, keys // SEMITONES * SEMITONES + (keys + semitones) % SEMITONES
