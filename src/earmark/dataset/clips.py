"""Clips as tensors: random ones to train on, evenly spaced ones to judge by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import Dataset

from earmark.dataset.arrays import FeatureArrays, clip_starts
from earmark.dataset.augment import Augmentation
from earmark.dataset.transpose import Transposition


class RandomClips(Dataset):
    """Item (index of a piece) to a random clip of it and its class number.

    One generator, seeded once, draws all clips in order, so that a run can be repeated. Clips begin at
    multiples of `hop` frames.
    """

    def __init__(
        self,
        arrays: FeatureArrays,
        classes: Sequence[int],
        frames: int,
        augmentation: Augmentation,
        seed: int,
        hop: int = 1,
        transposition: Transposition | None = None,
    ) -> None:
        self._arrays, self._classes, self._frames = arrays, classes, frames
        self._augmentation, self._hop, self._transposition = augmentation, hop, transposition
        self._random = np.random.default_rng([seed, 1])

    def __len__(self) -> int:
        return len(self._arrays)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        last = max(self._arrays.frames(index) - self._frames, 0)
        start = int(self._random.integers(last // self._hop + 1)) * self._hop
        clip = self._augmentation(self._arrays.clip(index, start, self._frames), self._random)
        number = self._classes[index]
        if self._transposition is not None:
            clip, number = self._transposition(clip, number, self._random)
        return torch.from_numpy(np.ascontiguousarray(clip)), number


class EvenClips(Dataset):
    """All evaluation clips of all pieces; item to (clip, index of the piece)."""

    def __init__(self, arrays: FeatureArrays, frames: int, hop: int, most: int) -> None:
        self._arrays, self._frames = arrays, frames
        self.places = [
            (index, start)
            for index in range(len(arrays))
            for start in clip_starts(arrays.frames(index), frames, hop, most)
        ]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, item: int) -> tuple[torch.Tensor, int]:
        index, start = self.places[item]
        return torch.from_numpy(self._arrays.clip(index, start, self._frames)), index
