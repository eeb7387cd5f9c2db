"""Clips as tensors, a batch at a time: random ones to train on, evenly spaced ones to judge by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from earmark.learning.dataset.arrays import FeatureArrays
from earmark.learning.dataset.augment import Augmentation
from earmark.learning.dataset.draws import DrawnBatches, Draws
from earmark.learning.dataset.resident import ResidentArrays
from earmark.learning.dataset.shares import share_of
from earmark.learning.dataset.transpose import Transposition
from earmark.music.clips import clip_starts

CPU = torch.device("cpu")


class RandomClips(Dataset):
    """Item (Draws of a batch) to random clips of its pieces and their class numbers, on `device`.

    Clips begin at multiples of `hop` frames.
    """

    def __init__(
        self,
        arrays: FeatureArrays | ResidentArrays,
        classes: Sequence[int],
        frames: int,
        augmentation: Augmentation,
        hop: int = 1,
        transposition: Transposition | None = None,
        device: torch.device = CPU,
    ) -> None:
        self._arrays, self._frames, self._hop, self._device = arrays, frames, hop, device
        self._classes = torch.tensor(classes)
        self._augmentation, self._transposition = augmentation, transposition

    def __len__(self) -> int:
        return len(self._arrays)

    def __getitem__(self, draws: Draws) -> tuple[torch.Tensor, torch.Tensor]:
        """Clips (n, channels, bands, frames) as float32, class numbers (n,)."""
        lengths = np.array([self._arrays.frames(index) for index in draws.pieces])
        places = np.maximum(lengths - self._frames, 0) // self._hop + 1
        starts = draws.integers("start", 0, places) * self._hop
        clips = _cut(self._arrays, draws.pieces, starts, self._frames, self._device)
        clips = self._augmentation(clips, draws)
        numbers = self._classes[draws.pieces].to(self._device)
        if self._transposition is not None:
            clips, numbers = self._transposition(clips, numbers, draws)
        return clips, numbers

    def loader(self, batches: DrawnBatches) -> DataLoader:
        """Yields what `batches` draw."""
        return DataLoader(self, sampler=batches, batch_size=None)


class EvenClips(Dataset):
    """All evaluation clips of all pieces; items to (clips, indices of the pieces), on `device`.

    places: (index, start) of each.
    """

    def __init__(
        self,
        arrays: FeatureArrays | ResidentArrays,
        frames: int,
        hop: int,
        most: int,
        device: torch.device = CPU,
    ) -> None:
        self._arrays, self._frames, self._device = arrays, frames, device
        self.places = [
            (index, start)
            for index in range(len(arrays))
            for start in clip_starts(arrays.frames(index), frames, hop, most)
        ]

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, items: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Clips (n, channels, bands, frames) as float32, indices (n,)."""
        indices, starts = zip(*(self.places[item] for item in items), strict=True)
        clips = _cut(self._arrays, np.array(indices), np.array(starts), self._frames, self._device)
        return clips, torch.tensor(indices)

    def loader(self, batch: int, rank: int = 0, ranks: int = 1) -> DataLoader:
        """Yields the share of a process, in order, `batch` at a time."""
        own = share_of(range(len(self)), rank, ranks)
        return DataLoader(
            self, sampler=[own[at : at + batch] for at in range(0, len(own), batch)], batch_size=None
        )


def _cut(
    arrays: FeatureArrays | ResidentArrays,
    indices: np.ndarray,
    starts: np.ndarray,
    frames: int,
    device: torch.device,
) -> torch.Tensor:
    """Clips on `device` as float32; they travel as float16, as they lie on disk."""
    clips = torch.as_tensor(arrays.clips(indices, starts, frames)).to(device)
    return clips.to(torch.float32, memory_format=torch.contiguous_format)
