"""Chance in training: all random numbers of a batch come from seed, epoch and the batch's number.

So it does not matter in which order clips are cut, by how many processes, or where training began.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from earmark.foundation.contracts import Sampler
from earmark.learning.dataset.shares import share_of

USES = ("start", "gain", "band_shift", "mask_width", "mask_start", "semitones")
"""What is drawn for each clip; a number that a setting does not use is drawn all the same, so that the others
do not depend on it."""


@dataclass(frozen=True)
class Draws:
    """A batch before it is cut.

    Attributes:
        pieces: Index of the piece of each clip (n,).
        numbers: The random numbers of each clip (n, uses), within [0, 1).
    """

    pieces: np.ndarray
    numbers: np.ndarray

    def __len__(self) -> int:
        """Clips of the batch."""
        return len(self.pieces)

    def uniform(self, use: str, low: float, high: float) -> np.ndarray:
        """Evenly distributed numbers.

        Args:
            use: One of USES.
            low: The lowest value.
            high: Upper end, not reached.

        Returns:
            (n,) of float64.
        """
        return low + (high - low) * self.numbers[:, USES.index(use)]

    def integers(self, use: str, low: int | np.ndarray, high: int | np.ndarray) -> np.ndarray:
        """Whole numbers, each as likely as the others.

        Args:
            use: One of USES.
            low: The lowest value, for all or for each (n,).
            high: Upper end, not reached, for all or for each (n,).

        Returns:
            (n,) of int64.
        """
        return low + np.floor((high - np.asarray(low)) * self.numbers[:, USES.index(use)]).astype(np.int64)


class DrawnBatches:
    """Yields the Draws of a process: its share of each batch of a sampler.

    Every process yields as many batches, and together they yield what one would.
    """

    def __init__(self, sampler: Sampler, seed: int, rank: int = 0, ranks: int = 1) -> None:
        """Choose whose share is drawn.

        Args:
            sampler: Gives the pieces of each batch.
            seed: Of the random numbers of clips.
            rank: Number of this process, from 0.
            ranks: Number of processes.
        """
        self._sampler, self._seed = sampler, seed
        self._rank, self._ranks, self._epoch = rank, ranks, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration gives; Lightning calls this before each."""
        self._epoch = epoch
        self._sampler.set_epoch(epoch)

    def __len__(self) -> int:
        """Batches of an epoch."""
        return len(self._sampler)

    def __iter__(self) -> Iterator[Draws]:
        """Yield this process's share of the batches of the epoch."""
        for number, batch in enumerate(self._sampler):
            random = np.random.default_rng([self._seed, self._epoch, number])
            numbers = random.random((len(batch), len(USES)))
            pieces = np.asarray(batch, dtype=np.int64)
            yield Draws(share_of(pieces, self._rank, self._ranks), share_of(numbers, self._rank, self._ranks))
