"""Clips as tensors, a batch at a time: random ones to train on, evenly spaced ones to evaluate."""

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
from earmark.music.clip_geometry import clip_starts

CPU = torch.device("cpu")


class RandomClips(Dataset):
    """Gives for the Draws of a batch random clips of its pieces and their class numbers."""

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
        """Choose what clips are cut from.

        Args:
            arrays: Features of the pieces.
            classes: The class number of each piece.
            frames: Length of a clip.
            augmentation: Random changes of clips.
            hop: Clips begin at multiples of it, in frames.
            transposition: Random transposition of clips and class numbers.
            device: Where clips are put.
        """
        self._arrays, self._frames, self._hop, self._device = arrays, frames, hop, device
        self._classes = torch.tensor(classes)
        self._augmentation, self._transposition = augmentation, transposition

    def __len__(self) -> int:
        """Pieces."""
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
        """A loader of what `batches` draw."""
        return DataLoader(self, sampler=batches, batch_size=None)


class EvenClips(Dataset):
    """Gives for a list of items evenly spaced clips of pieces, and a number for each.

    Attributes:
        places: (index of the piece, first frame) of each clip of all pieces, in order.
    """

    def __init__(
        self,
        arrays: FeatureArrays | ResidentArrays,
        frames: int,
        hop: int,
        most: int,
        device: torch.device = CPU,
        numbers: Sequence[int] | None = None,
    ) -> None:
        """Place the clips.

        Args:
            arrays: Features of the pieces.
            frames: Length of a clip.
            hop: Distance of clips, in frames.
            most: Clips of a piece; 0 for no limit.
            device: Where clips are put.
            numbers: What is given for the clips of each piece; by default the index of the piece.
        """
        self._arrays, self._frames, self._device = arrays, frames, device
        self._numbers = torch.tensor(range(len(arrays)) if numbers is None else numbers)
        self.places = [
            (index, start)
            for index in range(len(arrays))
            for start in clip_starts(arrays.frames(index), frames, hop, most)
        ]

    def __len__(self) -> int:
        """Clips of all pieces."""
        return len(self.places)

    def __getitem__(self, items: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Clips (n, channels, bands, frames) as float32, numbers (n,)."""
        indices, starts = map(np.array, zip(*(self.places[item] for item in items), strict=True))
        clips = _cut(self._arrays, indices, starts, self._frames, self._device)
        return clips, self._numbers[indices].to(self._device)

    def loader(self, batch: int, rank: int = 0, ranks: int = 1) -> DataLoader:
        """A loader of the share of one process, in order.

        Args:
            batch: Clips at a time.
            rank: Number of the process, from 0.
            ranks: Number of processes.
        """
        share = share_of(range(len(self)), rank, ranks)
        return DataLoader(
            self, sampler=[share[at : at + batch] for at in range(0, len(share), batch)], batch_size=None
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
