"""The LightningDataModule: random clips to train on, evenly spaced ones to validate by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset

from earmark.dataset.arrays import FeatureArrays
from earmark.dataset.augment import Augmentation
from earmark.dataset.clips import EvenClips, RandomClips
from earmark.dataset.geometry import ClipGeometry
from earmark.dataset.transpose import Transposition
from earmark.embed import BATCH


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
    """Loaders of (clip, class number).

    Validation has two: queries (validation pieces) and, where `with_references`, training pieces to
    retrieve. With several processes each trains on its share of every batch and validates on
    everything, so that all see the result that one process would.
    settings: those of conf/dataset. sampler: gives the batch sampler of (labels, groups, seed, rank,
    ranks). geometry: with as many clips a piece as validation takes.
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
    ) -> None:
        super().__init__()
        self._train, self._validation = train, validation
        self._sampler, self._transposition = sampler, transposition
        self._with_references = with_references
        self._number = {label: index for index, label in enumerate(classes)}
        self._geometry, self._settings, self._seed = geometry, settings, seed

    def train_dataloader(self) -> DataLoader:
        settings, train = self._settings, self._train
        rank, ranks = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        clips = RandomClips(
            train.arrays,
            self._numbers(train),
            self._geometry.frames,
            Augmentation(settings.max_gain_db, settings.max_band_shift, settings.max_masked_bands),
            self._seed + rank,
            self._geometry.training_hop,
            self._transposition,
        )
        sampler = self._sampler(train.labels, train.groups, self._seed, rank, ranks)
        return DataLoader(clips, batch_sampler=sampler)

    def val_dataloader(self) -> list[DataLoader]:
        parts = [self._validation, *([self._train] if self._with_references else [])]
        return [self._even(part) for part in parts]

    def _even(self, part: LabelledPieces) -> DataLoader:
        clips = EvenClips(part.arrays, self._geometry.frames, self._geometry.hop, self._geometry.most_clips)
        return DataLoader(_Classed(clips, self._numbers(part)), batch_size=BATCH)

    def _numbers(self, part: LabelledPieces) -> list[int]:
        return [self._number[label] for label in part.labels]


class _Classed(Dataset):
    """EvenClips with the class number of the piece in place of its index."""

    def __init__(self, clips: EvenClips, classes: Sequence[int]) -> None:
        self._clips, self._classes = clips, classes

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, item: int) -> tuple[torch.Tensor, int]:
        clip, index = self._clips[item]
        return clip, self._classes[index]
