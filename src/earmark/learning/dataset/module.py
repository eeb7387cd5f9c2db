"""The LightningDataModule: random clips to train on, evenly spaced ones to validate by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from earmark.learning.dataset.arrays import FeatureArrays
from earmark.learning.dataset.augment import Augmentation
from earmark.learning.dataset.clips import CPU, EvenClips, RandomClips
from earmark.learning.dataset.draws import DrawnBatches
from earmark.learning.dataset.resident import ResidentArrays, fits
from earmark.learning.dataset.transpose import Transposition
from earmark.learning.embed import BATCH
from earmark.music.clips import ClipGeometry


@dataclass(frozen=True)
class LabelledPieces:
    """Pieces of one split: arrays of their features and, row by row, label and work."""

    arrays: FeatureArrays
    labels: list[str]
    groups: list[str]

    @classmethod
    def of(cls, rows: pd.DataFrame, features: Path) -> LabelledPieces:
        return cls(FeatureArrays(features, rows.piece_id), list(rows.label), list(rows.group))


class ClipModule(pl.LightningDataModule):
    """Loaders of batches of (clips, class numbers), on the device that trains.

    Validation has two: queries (validation pieces) and, where `with_references`, training pieces to
    retrieve. With several processes each gets its share of every batch, in training and validation
    (see earmark.learning.dataset.shares). settings: those of conf/dataset. sampler: gives the batch sampler of
    (labels, groups, seed). geometry: with as many clips a piece as validation takes. on_device,
    memory_share: trainer.features_on_device and trainer.features_memory_share.
    """

    def __init__(
        self,
        train: LabelledPieces,
        validation: LabelledPieces,
        classes: Sequence[str],
        geometry: ClipGeometry,
        settings: Any,
        sampler: Callable[..., Any],
        transposition: Transposition | None,
        with_references: bool,
        seed: int,
        on_device: bool | str = False,
        memory_share: float = 0.0,
    ) -> None:
        super().__init__()
        self._train, self._validation = train, validation
        self._sampler, self._transposition = sampler, transposition
        self._with_references = with_references
        self._number = {label: index for index, label in enumerate(classes)}
        self._geometry, self._settings, self._seed = geometry, settings, seed
        self._on_device, self._memory_share = on_device, memory_share
        self._held: dict[int, ResidentArrays] = {}

    def train_dataloader(self) -> DataLoader:
        settings, train = self._settings, self._train
        clips = RandomClips(
            self._arrays(train),
            self._numbers(train),
            self._geometry.frames,
            Augmentation(settings.max_gain_db, settings.max_band_shift, settings.max_masked_bands),
            self._geometry.training_hop,
            self._transposition,
            self._device,
        )
        sampler = self._sampler(train.labels, train.groups, self._seed)
        return clips.loader(DrawnBatches(sampler, self._seed, *self._rank_and_ranks))

    def val_dataloader(self) -> list[DataLoader]:
        parts = [self._validation, *([self._train] if self._with_references else [])]
        return [self._even(part) for part in parts]

    def _even(self, part: LabelledPieces) -> DataLoader:
        geometry = self._geometry
        clips = _Classed(
            self._numbers(part),
            self._arrays(part),
            geometry.frames,
            geometry.hop,
            geometry.most_clips,
            self._device,
        )
        return clips.loader(BATCH, *self._rank_and_ranks)

    @property
    def _rank_and_ranks(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    @property
    def _device(self) -> torch.device:
        return self.trainer.strategy.root_device if self.trainer else CPU

    def _arrays(self, part: LabelledPieces) -> FeatureArrays | ResidentArrays:
        """On the device where they are wanted there and fit, decided and moved once."""
        key = id(part)
        if key not in self._held:
            wanted = (self._geometry.frames, self._device)
            if not fits(part.arrays, *wanted, self._on_device, self._memory_share):
                return part.arrays
            self._held[key] = ResidentArrays(part.arrays, *wanted)
        return self._held[key]

    def _numbers(self, part: LabelledPieces) -> list[int]:
        return [self._number[label] for label in part.labels]


class _Classed(EvenClips):
    """EvenClips with the class numbers of the pieces in place of their indices."""

    def __init__(self, classes: Sequence[int], *args: Any) -> None:
        super().__init__(*args)
        self._classes = torch.tensor(classes)

    def __getitem__(self, items: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
        clips, indices = super().__getitem__(items)
        return clips, self._classes[indices].to(clips.device)
