"""From features and splits to a trained model: trainer, early stopping, best checkpoint."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning.callbacks import Callback, EarlyStopping, ModelCheckpoint
from pytorch_lightning.loggers import Logger
from torch.multiprocessing.spawn import ProcessExitedException

from earmark.foundation.contracts import Sampler
from earmark.foundation.errors import EarmarkError
from earmark.foundation.progress import say
from earmark.learning.dataset.module import ClipModule
from earmark.learning.dataset.pieces import TrainingData
from earmark.learning.devices import keep_freed_memory, node_rank, process_count
from earmark.learning.embed import embed_pieces
from earmark.learning.learner import ACCURACY, Learner, balanced_accuracy, watched_score
from earmark.learning.settings import TrainerSettings

KEPT = "kept"  # name of the checkpoint's file
LOSS = "train/loss"  # what is minimised


@dataclass(frozen=True)
class Fit:
    """What training leaves: the model's weights and the curves, one dict an epoch.

    kept_epoch: the one whose weights these are, from 0. score: its validation score, of the kind
    that `monitored` names.
    """

    weights: dict[str, torch.Tensor]
    history: list[dict[str, float]]
    kept_epoch: int
    score: float
    monitored: str


class _History(Callback):
    """Says a line an epoch and keeps the curves in a file, which outlives a spawned process."""

    def __init__(self, file: Path, score: str) -> None:
        self._file, self._score = file, score

    def on_train_epoch_end(self, trainer: pl.Trainer, _: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"epoch": trainer.current_epoch, **values}) + "\n")
        shown = [name for name in values if name.startswith("train/") and name != LOSS]
        if curve_of(values) == LOSS:
            shown = [LOSS, *shown]
        parts = [f"{words(name.removeprefix('train/'))} {values[name]:.4f}" for name in [*shown, self._score]]
        say(f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs or '∞'}: {', '.join(parts)}")


def _ignore_remarks() -> None:
    """Warnings that are about nothing that we or a user could change."""
    # Clips are cut a batch at a time, in a few ms: worker processes would only copy them about.
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    # Lightning 2.6 against torch 2.11
    warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")


class _EachProcess(Callback):
    """How a process allocates memory; what a spawned one does not inherit: filters of warnings,
    threads, a chance for dropout."""

    def __init__(self, threads: int, seed: int) -> None:
        self._threads, self._seed = threads, seed

    def setup(self, trainer: pl.Trainer, _: pl.LightningModule, stage: str) -> None:
        if trainer.strategy.root_device.type == "cpu":
            keep_freed_memory()
        if trainer.world_size > 1:
            _ignore_remarks()
            torch.set_num_threads(self._threads)
            torch.manual_seed(self._seed + trainer.global_rank)


def curve_of(epoch: Mapping[str, float]) -> str:
    """Which loss of an epoch the curves show: the objective's `loss_…` where it has one, else what is
    minimised."""
    return next((name for name in epoch if name.startswith(f"{LOSS}_")), LOSS)


def words(score: str) -> str:
    """`validation/balanced_accuracy` as people say it."""
    return score.replace("/", " ").replace("_", " ")


@dataclass(frozen=True)
class Trainable:
    """What is trained: an encoder under an objective, by an optimizer of the parameters of both."""

    encoder: torch.nn.Module
    objective: torch.nn.Module
    optimizer: Callable[..., torch.optim.Optimizer]


def fit(
    model: Trainable, data: TrainingData, settings: TrainerSettings, logger: Logger | None = None
) -> Fit | None:
    """Train until `settings.patience` epochs bring no better validation score.

    Equal settings and threads give equal weights on one machine; the caller seeds before it builds the
    encoder. None on all machines but the first, which keeps the model.
    """
    score = watched_score(model.objective)
    module = ClipModule(data, settings, with_references=score != ACCURACY)
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder, warnings.catch_warnings():
        _ignore_remarks()
        curves = Path(folder) / "history.jsonl"
        batches = data.batches(data.train.labels, data.train.groups, settings.seed)
        processes = process_count(settings)
        _check_shares(batches, processes)
        runner = _trainer(settings, folder, processes, len(batches), score, curves, logger)
        try:
            runner.fit(Learner(model.encoder, model.objective, model.optimizer, settings.compile), module)
        except ProcessExitedException as error:
            raise EarmarkError(
                f"trainer.devices: one of {processes} training processes died, perhaps for want of memory: "
                "smaller batches (sampler), or fewer processes"
            ) from error
        if node_rank(settings):
            return None
        kept = torch.load(Path(folder) / f"{KEPT}.ckpt", map_location="cpu", weights_only=True)
        history = [json.loads(line) for line in curves.read_text(encoding="utf-8").splitlines()]
    prefix = "encoder."
    weights = {
        name.removeprefix(prefix): tensor
        for name, tensor in kept["state_dict"].items()
        if name.startswith(prefix)
    }
    epoch = int(kept["epoch"])
    return Fit(weights, history, epoch, history[epoch].get(score, float("nan")), score)


def _trainer(
    settings: TrainerSettings,
    folder: str,
    processes: int,
    batches: int,
    score: str,
    curves: Path,
    logger: Logger | None,
) -> pl.Trainer:
    """Lightning's trainer; it keeps the checkpoint and the curves of the epochs in `folder`."""
    # Fewer steps than an epoch has are an epoch: validation comes at its end.
    cut_short = 0 < settings.max_steps < batches
    best = settings.keep == "best"
    callbacks = [
        ModelCheckpoint(
            dirpath=folder,
            filename=KEPT,
            monitor=score if best else None,
            mode="max",
            save_weights_only=True,
            enable_version_counter=False,
        ),
        *([EarlyStopping(monitor=score, mode="max", patience=settings.patience)] if best else []),
        _History(curves, score),
        _EachProcess(settings.threads, settings.seed),
    ]
    return pl.Trainer(
        accelerator=settings.accelerator,
        devices=settings.devices if isinstance(settings.devices, (int, str)) else list(settings.devices),
        num_nodes=settings.num_nodes,
        # Spawned: Lightning's "ddp" would start the whole script anew in every process.
        strategy="ddp_spawn" if processes > 1 else "auto",
        plugins=[LightningEnvironment()] if processes > 1 else None,
        sync_batchnorm=settings.sync_batchnorm,
        precision=cast("Any", settings.precision),  # one of PRECISIONS, which devices.py checks
        max_epochs=settings.max_epochs,
        max_steps=settings.max_steps,
        limit_train_batches=settings.max_steps if cut_short else 1.0,
        deterministic="warn",
        use_distributed_sampler=False,  # earmark.learning.dataset.shares deals each process its share
        logger=logger or False,
        callbacks=callbacks,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
        default_root_dir=folder,
    )


def _check_shares(batches: Sampler, processes: int) -> None:
    """Batch normalisation needs two clips in each process."""
    smallest = min(map(len, batches))
    if processes > 1 and smallest < 2 * processes:
        raise EarmarkError(
            f"trainer.devices: a batch of {smallest} clips leaves some of {processes} processes fewer than "
            "two: larger batches (sampler) or fewer processes"
        )


def fit_classical(model: Any, data: TrainingData, seed: int) -> Fit:
    """Fit a `ClassicalModel` at once, on the evenly spaced clips of the training pieces.

    Every class has the same weight, within it every piece, within it every clip.
    """

    class _Summary(torch.nn.Module):
        """Lets `embed_pieces` collect what the model sees of each clip."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, clips: torch.Tensor) -> torch.Tensor:
            return self.model.summarise(clips)

    summaries = embed_pieces(_Summary(), data.train.arrays, data.clips).clips
    counts = np.array([len(clips) for clips in summaries])
    labels = np.array(data.numbers(data.train))
    pieces = np.bincount(labels, minlength=len(data.classes))
    model.fit(
        np.concatenate(summaries),
        np.repeat(labels, counts),
        np.repeat(1.0 / (counts * pieces[labels]), counts) * counts.sum() / (pieces > 0).sum(),
        seed,
    )
    scores = embed_pieces(model, data.validation.arrays, data.clips).clips
    truth = np.repeat(data.numbers(data.validation), [len(clips) for clips in scores])
    score = balanced_accuracy(torch.from_numpy(np.concatenate(scores)), torch.from_numpy(truth))
    return Fit(dict(model.state_dict()), [{"epoch": 0, ACCURACY: score}], 0, score, ACCURACY)
