"""Chance in training: all random numbers of a batch come from seed, epoch and the batch's number.

So it does not matter in which order clips are cut, by how many processes, or where training began.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from earmark.learning.dataset.shares import share_of

# What is drawn for each clip; a number that a setting does not use is drawn all the same, so that
# the others do not depend on it.
USES = ("start", "gain", "band_shift", "mask_width", "mask_start", "semitones")


@dataclass(frozen=True)
class Draws:
    """A batch before it is cut: pieces (n,), and for each its numbers (n, uses) within [0, 1)."""

    pieces: np.ndarray
    numbers: np.ndarray

    def __len__(self) -> int:
        return len(self.pieces)

    def uniform(self, use: str, low: float, high: float) -> np.ndarray:
        """Evenly distributed between low and high (n,), float64."""
        return low + (high - low) * self.numbers[:, USES.index(use)]

    def integers(self, use: str, low: Any, high: Any) -> np.ndarray:
        """Whole numbers from low up to and without high (n,); either may be an array (n,)."""
        return low + np.floor((high - np.asarray(low)) * self.numbers[:, USES.index(use)]).astype(np.int64)


class DrawnBatches:
    """Yields the Draws of a process: its share of each batch of `sampler`, an iterable of piece indices.

    Every process yields as many batches, and together they yield what one would.
    """

    def __init__(self, sampler: Any, seed: int, rank: int = 0, ranks: int = 1) -> None:
        self._sampler, self._seed = sampler, seed
        self._rank, self._ranks, self._epoch = rank, ranks, 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this before each epoch."""
        self._epoch = epoch
        self._sampler.set_epoch(epoch)

    def __len__(self) -> int:
        return len(self._sampler)

    def __iter__(self) -> Iterator[Draws]:
        for number, batch in enumerate(self._sampler):
            random = np.random.default_rng([self._seed, self._epoch, number])
            numbers = random.random((len(batch), len(USES)))
            pieces = np.asarray(batch, dtype=np.int64)
            yield Draws(share_of(pieces, self._rank, self._ranks), share_of(numbers, self._rank, self._ranks))
