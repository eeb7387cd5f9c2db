"""From features and splits to a trained model: trainer, early stopping, best checkpoint."""

from __future__ import annotations

import json
import os
import signal
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning.callbacks import Callback, EarlyStopping, ModelCheckpoint
from pytorch_lightning.loggers import Logger
from torch.multiprocessing.spawn import ProcessExitedException

from earmark.foundation.contracts import Sampler
from earmark.foundation.errors import EarmarkError
from earmark.foundation.orphan import end_with
from earmark.foundation.progress import say
from earmark.learning.dataset.module import ClipModule
from earmark.learning.dataset.pieces import TrainingData
from earmark.learning.devices import keep_freed_memory, node_rank, process_count
from earmark.learning.epochs import EpochHistory
from earmark.learning.learner import RETRIEVAL, Learner, watched_score
from earmark.learning.resuming import LAST, LastEpoch, checkpoint_folder, finished_epochs, trim_history
from earmark.learning.settings import TrainerSettings
from earmark.learning.torch_parts import EncoderModule, ObjectiveModule

KEPT = "kept"  # name of the checkpoint's file


@dataclass(frozen=True)
class Fit:
    """What training leaves.

    Attributes:
        weights: The model's state.
        history: The values of each epoch by name.
        kept_epoch: The epoch whose weights these are, from 0.
        score: Its validation score.
        monitored: Name of that score.
    """

    weights: dict[str, torch.Tensor]
    history: list[dict[str, float]]
    kept_epoch: int
    score: float
    monitored: str


def _ignore_remarks() -> None:
    """Ignore warnings about what neither this package nor a user can change."""
    # Clips are cut a batch at a time, in a few ms: worker processes would only add copies.
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    # A training that goes on has its checkpoints there.
    warnings.filterwarnings("ignore", message="Checkpoint directory .* exists and is not empty")
    # Lightning 2.6 against torch 2.11
    warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")


class _EachProcess(Callback):
    """Sets up each training process.

    How it allocates memory; and what a spawned one does not inherit: filters of warnings, the number of
    threads, a seed of its own for dropout, and that it ends with the process that started it.
    """

    def __init__(self, threads: int, seed: int) -> None:
        self._threads, self._seed = threads, seed
        self._started_by = os.getpid()

    def setup(self, trainer: pl.Trainer, _: pl.LightningModule, stage: str) -> None:
        if trainer.strategy.root_device.type == "cpu":
            keep_freed_memory()
        if trainer.world_size > 1:
            end_with(self._started_by)
            _ignore_remarks()
            torch.set_num_threads(self._threads)
            torch.manual_seed(self._seed + trainer.global_rank)


@dataclass(frozen=True)
class Trainable:
    """What is trained.

    Attributes:
        encoder: The model.
        objective: What its training minimises.
        optimizer: From the parameters of both to their optimizer.
    """

    encoder: EncoderModule
    objective: ObjectiveModule
    optimizer: Callable[..., torch.optim.Optimizer]


def fit(
    model: Trainable,
    data: TrainingData,
    settings: TrainerSettings,
    logger: Logger | None = None,
    resume_in: Path | None = None,
) -> Fit | None:
    """Train until `settings.patience` epochs bring no better validation score.

    Equal settings and threads give equal weights on one machine; the caller seeds before it builds the
    encoder.

    Args:
        model: Encoder, objective and optimizer.
        data: Pieces to learn from and to validate by.
        settings: Where and how long to train.
        logger: Lightning's, which is given the values of every epoch.
        resume_in: A folder for the checkpoints of this training and no other, where it goes on if its process
            was killed; see `earmark.learning.resuming`. None to begin anew in any case.

    Returns:
        Weights and curves; None on all machines but the first, which keeps the model.

    Raises:
        EarmarkError: Batches are too small for so many processes, or one of these died.
        KeyboardInterrupt: Somebody asked this process to end.
    """
    score = watched_score(model.objective)
    module = ClipModule(data, settings, with_references=score == RETRIEVAL)
    with checkpoint_folder(resume_in) as folder, warnings.catch_warnings():
        _ignore_remarks()
        curves = folder / "history.jsonl"
        batches = data.batches(data.train.labels, data.train.groups, settings.seed)
        processes = process_count(settings)
        _check_shares(batches, processes)
        runner = _trainer(settings, folder, processes, len(batches), score, curves, logger)
        learner = Learner(model.encoder, model.objective, model.optimizer, settings.compile)
        try:
            _run(runner, learner, module, folder, curves, len(batches))
        except ProcessExitedException as error:
            raise EarmarkError(
                f"trainer.devices: one of {processes} training processes died, perhaps for want of memory: "
                "smaller batches (sampler), or fewer processes"
            ) from error
        if node_rank(settings):
            return None
        kept = torch.load(folder / f"{KEPT}.ckpt", map_location="cpu", weights_only=True)
        history = [json.loads(line) for line in curves.read_text(encoding="utf-8").splitlines()]
    prefix = "encoder."
    weights = {
        name.removeprefix(prefix): tensor
        for name, tensor in kept["state_dict"].items()
        if name.startswith(prefix)
    }
    epoch = int(kept["epoch"])
    return Fit(weights, history, epoch, history[epoch].get(score, float("nan")), score)


def _run(
    runner: pl.Trainer, learner: Learner, module: ClipModule, folder: Path, curves: Path, batches: int
) -> None:
    """Train, from where the checkpoint in the folder ended."""
    epochs, done = finished_epochs(folder)
    values = trim_history(curves, epochs)
    if runner.logger is not None:
        for epoch in values:  # the run that goes on has these epochs, too
            runner.logger.log_metrics(epoch, int((epoch["epoch"] + 1) * batches) - 1)
    if epochs:
        say(f"train: goes on after epoch {epochs} of a training that was interrupted")
    if done:
        return
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        runner.fit(learner, module, ckpt_path=folder / LAST if epochs else None, weights_only=True)
    except SystemExit as error:
        if not runner.interrupted:
            raise
        raise KeyboardInterrupt from error  # which Lightning makes an exit status of
    finally:
        if interrupt is not None:
            signal.signal(signal.SIGINT, interrupt)  # Lightning ignores it after the first


def _trainer(
    settings: TrainerSettings,
    folder: Path,
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
        EpochHistory(curves, score),
        _EachProcess(settings.threads, settings.seed),
        LastEpoch(folder),
    ]
    return pl.Trainer(
        accelerator=settings.accelerator,
        devices=settings.devices if isinstance(settings.devices, (int, str)) else list(settings.devices),
        num_nodes=settings.num_nodes,
        # Spawned: Lightning's "ddp" would start the whole script anew in every process.
        strategy="ddp_spawn" if processes > 1 else "auto",
        plugins=[LightningEnvironment()] if processes > 1 else None,
        sync_batchnorm=settings.sync_batchnorm,
        precision=settings.precision,  # pyright: ignore[reportArgumentType]  (checked: devices.PRECISIONS)
        max_epochs=settings.max_epochs,
        max_steps=settings.max_steps,
        limit_train_batches=settings.max_steps if cut_short else 1.0,
        deterministic=True if settings.reproducible else "warn",
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
    """Refuse batches that give a process fewer than two clips, which batch normalisation needs."""
    smallest = min(map(len, batches))
    if processes > 1 and smallest < 2 * processes:
        raise EarmarkError(
            f"trainer.devices: a batch of {smallest} clips leaves some of {processes} processes fewer than "
            "two: larger batches (sampler) or fewer processes"
        )
