"""Triplets about one fixed piece a class, as music_identifier (2024) draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from earmark.decisions.anchor import anchors_of


class AnchorTriplets:
    """Yields batches of piece indices in three equal parts: anchors, positives, negatives.

    An epoch visits every piece once as positive, in random order, its class's anchor before it;
    negatives are drawn anew from the pieces of all other classes.
    """

    gives: Literal["classes", "triplets"] = "triplets"

    def __init__(
        self,
        labels: Sequence[str],
        groups: Sequence[str],
        triplets_per_batch: int,
        seed: int,
    ) -> None:
        """Prepare the batches.

        Args:
            labels: The label of each piece.
            groups: The work of each piece; unused.
            triplets_per_batch: A third of a batch.
            seed: Of order and negatives.

        Raises:
            ValueError: A batch would be empty.
        """
        if triplets_per_batch < 1:
            raise ValueError(f"sampler.triplets_per_batch={triplets_per_batch} must be 1 or more")
        self._labels = np.asarray(labels)
        self._anchors = anchors_of(labels)
        self._size, self._seed, self._epoch = triplets_per_batch, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration gives; called before each."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Batches of an epoch."""
        return -(-len(self._labels) // self._size)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the batches of the epoch."""
        random = np.random.default_rng([self._seed, self._epoch])
        others = {label: np.flatnonzero(self._labels != label) for label in self._anchors}
        order = random.permutation(len(self._labels))
        for start in range(0, len(order), self._size):
            positives = order[start : start + self._size]
            names = self._labels[positives]
            anchors = [self._anchors[name] for name in names]
            negatives = [int(random.choice(others[name])) for name in names]
            yield [*anchors, *map(int, positives), *negatives]
