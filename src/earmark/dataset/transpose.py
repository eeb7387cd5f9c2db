"""Transposition that moves sound and key together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from earmark.errors import EarmarkError

SEMITONES = 12
# Pitch classes in the order of the keyboard, spelled as most key annotations spell them.
TONICS = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
KEYS = tuple(f"{tonic} {mode}" for mode in ("major", "minor") for tonic in TONICS)


@dataclass(frozen=True)
class Transposition:
    """Shifts a pitch-wise spectrogram by whole semitones and its key with it.

    max_semitones: up or down by up to this. bands_per_semitone: of the front end.
    """

    max_semitones: int
    bands_per_semitone: int

    @classmethod
    def of(cls, max_semitones: int, front_end: object, classes: Sequence[str]) -> Transposition | None:
        """None where `max_semitones` is 0. Raises EarmarkError where sound or labels have no semitones."""
        if not max_semitones:
            return None
        bands = getattr(front_end, "bands_per_semitone", 0)
        if not bands:
            raise EarmarkError(
                "dataset.max_transposition needs a pitch-wise front end: features=pitch, or set it to 0"
            )
        if tuple(classes) != KEYS:
            raise EarmarkError(
                "dataset.max_transposition is for the 24 keys (data.labels of data=key): set it to 0"
            )
        return cls(max_semitones, bands)

    def __call__(self, clip: np.ndarray, key: int, random: np.random.Generator) -> tuple[np.ndarray, int]:
        """A clip (channels, bands, frames) and the number of its key in KEYS, both moved."""
        semitones = int(random.integers(-self.max_semitones, self.max_semitones + 1))
        shift = semitones * self.bands_per_semitone
        moved = np.roll(clip, shift, axis=1)
        if shift > 0:
            moved[:, :shift] = clip.min()
        elif shift < 0:
            moved[:, shift:] = clip.min()
        return moved, key // SEMITONES * SEMITONES + (key + semitones) % SEMITONES
