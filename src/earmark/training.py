"""From features and splits to a trained encoder: samplers, trainer, early stopping, best checkpoint."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, EarlyStopping, ModelCheckpoint
from torch.utils.data import DataLoader, Dataset

from earmark.dataset.arrays import FeatureArrays
from earmark.dataset.augment import Augmentation
from earmark.dataset.clips import EvenClips, RandomClips
from earmark.dataset.sampler import ClassWorkSampler
from earmark.embed import BATCH, ClipGeometry
from earmark.learner import Learner

MONITORED = "validation/retrieval"


@dataclass(frozen=True)
class LabelledPieces:
    """Pieces of one split: arrays of their features and, row by row, label and work."""

    arrays: FeatureArrays
    labels: list[str]
    groups: list[str]

    @classmethod
    def of(cls, rows: pd.DataFrame, features: Path) -> LabelledPieces:
        return cls(FeatureArrays(features, rows.piece_id), list(rows.label), list(rows.group))


@dataclass(frozen=True)
class Fit:
    """What training leaves: the encoder's best weights and the curves, one dict an epoch."""

    weights: dict[str, torch.Tensor]
    history: list[dict[str, float]]
    best_epoch: int
    best_retrieval: float


class _Classed(Dataset):
    """EvenClips with the class number of the piece in place of its index."""

    def __init__(self, clips: EvenClips, classes: Sequence[int]) -> None:
        self._clips, self._classes = clips, classes

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, item: int) -> tuple[torch.Tensor, int]:
        clip, index = self._clips[item]
        return clip, self._classes[index]


class _History(Callback):
    """Keeps the curves and says a line an epoch."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.epochs: list[dict[str, float]] = []
        self._say = say

    def on_train_epoch_end(self, trainer: pl.Trainer, _: pl.LightningModule) -> None:
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self.epochs.append({"epoch": trainer.current_epoch, **values})
        self._say(
            f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs or '∞'}: loss "
            f"{values.get('train/loss', float('nan')):.4f}, validation retrieval "
            f"{values.get(MONITORED, float('nan')):.4f}"
        )


def fit(
    encoder: torch.nn.Module,
    objective: torch.nn.Module,
    optimizer: Callable[..., torch.optim.Optimizer],
    train: LabelledPieces,
    validation: LabelledPieces,
    classes: Sequence[str],
    geometry: ClipGeometry,
    dataset: Any,
    trainer: Any,
    logger: Any,
    say: Callable[[str], None],
) -> Fit:
    """Train until `trainer.patience` epochs bring no better validation retrieval.

    dataset, trainer: the settings of conf/dataset and conf/trainer. Equal settings and threads give
    equal weights on one machine; the caller seeds before it builds the encoder.
    """
    number = {label: index for index, label in enumerate(classes)}
    watched = replace(geometry, most_clips=dataset.validation_max_clips)
    loaders = [_even(part, number, watched) for part in (train, validation)]
    augmentation = Augmentation(dataset.max_gain_db, dataset.max_band_shift, dataset.max_masked_bands)
    random_clips = RandomClips(
        train.arrays,
        [number[label] for label in train.labels],
        geometry.frames,
        augmentation,
        trainer.seed,
    )
    sampler = ClassWorkSampler(
        train.labels,
        train.groups,
        dataset.classes_per_batch,
        dataset.works_per_class,
        dataset.clips_per_piece,
        dataset.batches_per_epoch,
        trainer.seed,
    )
    history = _History(say)
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder, warnings.catch_warnings():
        # The data are in memory-mapped arrays: worker processes would only copy them about.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        # Lightning 2.6 against torch 2.11: nothing that we or a user could change.
        warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
        checkpoint = ModelCheckpoint(dirpath=folder, monitor=MONITORED, mode="max", save_weights_only=True)
        patience = EarlyStopping(monitor=MONITORED, mode="max", patience=trainer.patience)
        runner = pl.Trainer(
            accelerator=trainer.accelerator,
            devices=trainer.devices,
            strategy=trainer.strategy,
            precision=trainer.precision,
            max_epochs=trainer.max_epochs,
            max_steps=trainer.max_steps,
            deterministic="warn",
            logger=logger or False,
            callbacks=[checkpoint, patience, history],
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            log_every_n_steps=1,
            default_root_dir=folder,
        )
        learner = Learner(encoder, objective, optimizer)
        runner.fit(learner, DataLoader(random_clips, batch_sampler=sampler), loaders)
        best = torch.load(checkpoint.best_model_path, map_location="cpu", weights_only=True)
    prefix = "encoder."
    weights = {
        name.removeprefix(prefix): tensor
        for name, tensor in best["state_dict"].items()
        if name.startswith(prefix)
    }
    scores = [epoch.get(MONITORED, 0.0) for epoch in history.epochs]
    return Fit(weights, history.epochs, int(best["epoch"]), max(scores, default=float("nan")))


def _even(part: LabelledPieces, number: dict[str, int], geometry: ClipGeometry) -> DataLoader:
    clips = EvenClips(part.arrays, geometry.frames, geometry.hop, geometry.most_clips)
    return DataLoader(_Classed(clips, [number[label] for label in part.labels]), batch_size=BATCH)
