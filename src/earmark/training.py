"""From features and splits to a trained encoder: trainer, early stopping, best checkpoint."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, EarlyStopping, ModelCheckpoint

from earmark.dataset.module import ClipModule, LabelledPieces
from earmark.embed import ClipGeometry
from earmark.learner import Learner
from earmark.progress import say

MONITORED = "validation/retrieval"
BEST = "best"  # name of the checkpoint's file


@dataclass(frozen=True)
class Fit:
    """What training leaves: the encoder's best weights and the curves, one dict an epoch."""

    weights: dict[str, torch.Tensor]
    history: list[dict[str, float]]
    best_epoch: int
    best_retrieval: float


class _History(Callback):
    """Says a line an epoch and keeps the curves in a file, which outlives a spawned process."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def on_train_epoch_end(self, trainer: pl.Trainer, _: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"epoch": trainer.current_epoch, **values}) + "\n")
        say(
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
) -> Fit:
    """Train until `trainer.patience` epochs bring no better validation retrieval.

    dataset, trainer: the settings of conf/dataset and conf/trainer. Equal settings and threads give
    equal weights on one machine; the caller seeds before it builds the encoder.
    """
    watched = replace(geometry, most_clips=dataset.validation_max_clips)
    data = ClipModule(train, validation, classes, watched, dataset, trainer.seed)
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder, warnings.catch_warnings():
        # The data are in memory-mapped arrays: worker processes would only copy them about.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        # Lightning 2.6 against torch 2.11: nothing that we or a user could change.
        warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
        curves = Path(folder) / "history.jsonl"
        # Fewer steps than an epoch has are an epoch: validation comes at its end.
        cut_short = 0 < trainer.max_steps < dataset.batches_per_epoch
        callbacks = [
            ModelCheckpoint(
                dirpath=folder,
                filename=BEST,
                monitor=MONITORED,
                mode="max",
                save_weights_only=True,
                enable_version_counter=False,
            ),
            EarlyStopping(monitor=MONITORED, mode="max", patience=trainer.patience),
            _History(curves),
        ]
        runner = pl.Trainer(
            accelerator=trainer.accelerator,
            devices=trainer.devices,
            strategy=trainer.strategy,
            precision=trainer.precision,
            max_epochs=trainer.max_epochs,
            max_steps=trainer.max_steps,
            limit_train_batches=trainer.max_steps if cut_short else 1.0,
            deterministic="warn",
            use_distributed_sampler=False,  # ours deals each process its share
            logger=logger or False,
            callbacks=callbacks,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            log_every_n_steps=1,
            default_root_dir=folder,
        )
        runner.fit(Learner(encoder, objective, optimizer), data)
        best = torch.load(Path(folder) / f"{BEST}.ckpt", map_location="cpu", weights_only=True)
        history = [json.loads(line) for line in curves.read_text(encoding="utf-8").splitlines()]
    prefix = "encoder."
    weights = {
        name.removeprefix(prefix): tensor
        for name, tensor in best["state_dict"].items()
        if name.startswith(prefix)
    }
    scores = [epoch.get(MONITORED, 0.0) for epoch in history]
    return Fit(weights, history, int(best["epoch"]), max(scores, default=float("nan")))
