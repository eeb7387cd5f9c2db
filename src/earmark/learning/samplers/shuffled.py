"""Every piece in turn, in random order: what classifiers with a softmax are usually trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np


class Shuffled:
    """Yields batches of piece indices; an epoch visits every piece `clips_per_piece` times.

    The order depends on `seed` and epoch alone. Classes come as often as the corpus has them.
    """

    gives: Literal["classes", "triplets"] = "classes"

    def __init__(
        self,
        labels: Sequence[str],
        groups: Sequence[str],
        batch_size: int,
        clips_per_piece: int,
        seed: int,
    ) -> None:
        """Prepare the batches.

        Args:
            labels: The label of each piece.
            groups: The work of each piece; unused.
            batch_size: Clips of a batch; what is left over in an epoch is not visited.
            clips_per_piece: Visits of each piece.
            seed: Of the order.

        Raises:
            ValueError: A setting is below 1.
        """
        for name, value in (("batch_size", batch_size), ("clips_per_piece", clips_per_piece)):
            if value < 1:
                raise ValueError(f"sampler.{name}={value} must be 1 or more")
        self._visits = np.tile(np.arange(len(labels)), clips_per_piece)
        self._size, self._seed, self._epoch = batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration gives; called before each."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Batches of an epoch."""
        # A last batch of one would break batch normalisation: what is left over is not visited in this epoch.
        return max(len(self._visits) // self._size, 1)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the batches of the epoch."""
        order = np.random.default_rng([self._seed, self._epoch]).permutation(self._visits)
        for batch in range(len(self)):
            yield [int(index) for index in order[batch * self._size : (batch + 1) * self._size]]
