"""The LightningDataModule: random clips to train on, evenly spaced ones to validate by."""

from __future__ import annotations

from dataclasses import replace

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from earmark.learning.dataset.arrays import FeatureArrays
from earmark.learning.dataset.clip_datasets import CPU, EvenClips, RandomClips
from earmark.learning.dataset.draws import DrawnBatches
from earmark.learning.dataset.pieces import LabelledPieces, TrainingData
from earmark.learning.dataset.resident import ResidentArrays, fits
from earmark.learning.settings import TrainerSettings

VALIDATION_BATCH = 64  # clips


class ClipModule(pl.LightningDataModule):
    """Loaders of batches of (clips, class numbers), on the device that trains.

    With several processes each gets its share of every batch, in training and validation
    (see `earmark.learning.dataset.shares`).
    """

    def __init__(self, data: TrainingData, settings: TrainerSettings, with_references: bool) -> None:
        """Choose what is loaded.

        Args:
            data: Pieces, and how clips are cut from them.
            settings: Seed, and whether features are held on the device.
            with_references: Whether validation has training pieces too, among which queries are retrieved.
        """
        super().__init__()
        self._data, self._settings, self._with_references = data, settings, with_references
        self._geometry = replace(data.clips, most_clips=data.validation_max_clips)
        self._resident: dict[int, ResidentArrays] = {}

    def train_dataloader(self) -> DataLoader:
        """Random clips of the training pieces."""
        data, seed = self._data, self._settings.seed
        clips = RandomClips(
            self._arrays(data.train),
            data.numbers(data.train),
            self._geometry.frames,
            data.augmentation,
            self._geometry.training_hop,
            data.transposition,
            self._device,
        )
        batches = data.batches(data.train.labels, data.train.groups, seed)
        return clips.loader(DrawnBatches(batches, seed, *self._rank_and_ranks))

    def val_dataloader(self) -> list[DataLoader]:
        """Evenly spaced clips of queries (validation pieces) and, if wanted, references (training pieces)."""
        parts = [self._data.validation, *([self._data.train] if self._with_references else [])]
        return [self._even(part) for part in parts]

    def _even(self, part: LabelledPieces) -> DataLoader:
        geometry = self._geometry
        clips = EvenClips(
            self._arrays(part),
            geometry.frames,
            geometry.hop,
            geometry.most_clips,
            self._device,
            self._data.numbers(part),
        )
        return clips.loader(VALIDATION_BATCH, *self._rank_and_ranks)

    @property
    def _rank_and_ranks(self) -> tuple[int, int]:
        """The number of this process, and how many there are."""
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    @property
    def _device(self) -> torch.device:
        return self.trainer.strategy.root_device if self.trainer else CPU

    def _arrays(self, part: LabelledPieces) -> FeatureArrays | ResidentArrays:
        """Features on the device where they are wanted there and fit, moved once; else those on disk."""
        key = id(part)
        if key not in self._resident:
            frames, device = self._geometry.frames, self._device
            choice, share = self._settings.features_on_device, self._settings.features_memory_share
            if not fits(part.arrays, frames, device, choice, share):
                return part.arrays
            self._resident[key] = ResidentArrays(part.arrays, frames, device)
        return self._resident[key]
