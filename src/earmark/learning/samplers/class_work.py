"""Batches for metric learning: P classes × K works × clips of each (PK sampling)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np


class ClassWorkSampler:
    """Yields batches of piece indices: P classes, K works of each, a piece of each work, clips of it.

    Every class and every work has the same chance, however many pieces it has. The order depends
    on seed and epoch alone.

    References:
        Hermans et al., In defense of the triplet loss for person re-identification, 2017.
    """

    gives: Literal["classes", "triplets"] = "classes"

    def __init__(
        self,
        labels: Sequence[str],
        groups: Sequence[str],
        classes_per_batch: int,
        works_per_class: int,
        clips_per_piece: int,
        batches_per_epoch: int,
        seed: int,
    ) -> None:
        """Prepare the batches.

        Args:
            labels: The label of each piece.
            groups: The work of each piece.
            classes_per_batch: P; all where there are fewer.
            works_per_class: K; a class with fewer gives all of its works.
            clips_per_piece: Of the piece that stands for its work.
            batches_per_epoch: Number of batches.
            seed: Of every choice.

        Raises:
            ValueError: A setting is below 1.
        """
        for name, value in (
            ("classes_per_batch", classes_per_batch),
            ("works_per_class", works_per_class),
            ("clips_per_piece", clips_per_piece),
            ("batches_per_epoch", batches_per_epoch),
        ):
            if value < 1:
                raise ValueError(f"sampler.{name}={value} must be 1 or more")
        self._works: dict[str, list[list[int]]] = {}
        for label in sorted(set(labels)):
            works: dict[str, list[int]] = {}
            for index, (piece_label, group) in enumerate(zip(labels, groups, strict=True)):
                if piece_label == label:
                    works.setdefault(group, []).append(index)
            self._works[label] = [works[group] for group in sorted(works)]
        self._classes_per_batch = min(classes_per_batch, len(self._works))
        self._works_per_class = works_per_class
        self._clips_per_piece = clips_per_piece
        self._batches = batches_per_epoch
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration gives; called before each."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Batches of an epoch."""
        return self._batches

    def __iter__(self) -> Iterator[list[int]]:
        """Yield the batches of the epoch."""
        random = np.random.default_rng([self._seed, self._epoch])
        names = list(self._works)
        for _ in range(self._batches):
            chosen = random.choice(len(names), self._classes_per_batch, replace=False)
            batch: list[int] = []
            for name in (names[index] for index in chosen):
                works = self._works[name]
                # A class with fewer works than K gives what it has, each work once.
                count = min(self._works_per_class, len(works))
                for work in random.choice(len(works), count, replace=False):
                    piece = works[work][random.integers(len(works[work]))]
                    batch.extend([piece] * self._clips_per_piece)
            yield batch
