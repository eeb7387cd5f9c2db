"""Checkpoints by which a training that was killed goes on, and ends as one that was not.

After each epoch the whole state is kept: weights, optimizer, early stopping, which epoch is the best, and
torch's random numbers. Batches and clips are drawn by seed and epoch alone: see `learning.dataset.draws`.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from filelock import FileLock, Timeout
from pytorch_lightning.callbacks import Checkpoint
from torch.utils.data import DataLoader, TensorDataset

LAST = "last.ckpt"
STATE = "earmark"  # our part of the checkpoint
STALE_S = 14 * 86_400.0  # a training that nobody has resumed for so long is forgotten


@contextmanager
def checkpoint_folder(lasting: Path | None) -> Iterator[Path]:
    """A folder for the checkpoints of one training.

    Args:
        lasting: Where they outlive a killed process; removed when the training is done. None for a folder
            that ends with this process, which another process' training of the same also gets.

    Yields:
        The folder; what it holds is of the same training.
    """
    with _locked(lasting) as own:
        if own is None:
            with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
                yield Path(folder)
            return
        own.mkdir(parents=True, exist_ok=True)
        _forget_stale(own.parent)
        yield own
        shutil.rmtree(own, ignore_errors=True)


@contextmanager
def _locked(folder: Path | None) -> Iterator[Path | None]:
    """The folder, for this process alone; None where another one has it, or it cannot be written."""
    if folder is None:
        yield None
        return
    lock = FileLock(folder.with_suffix(".lock"), timeout=0)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except (Timeout, OSError):
        yield None
        return
    try:
        yield folder
    finally:
        if not folder.exists():
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def _forget_stale(parent: Path) -> None:
    for folder in parent.iterdir():
        with suppress(OSError):
            if folder.is_dir() and time.time() - folder.stat().st_mtime > STALE_S:
                shutil.rmtree(folder, ignore_errors=True)
                folder.with_suffix(".lock").unlink(missing_ok=True)


class LastEpoch(Checkpoint):
    """Keeps the state after each epoch, and puts back torch's random numbers where training goes on.

    It comes after the callbacks that choose the best epoch, as Lightning calls checkpoints last and in order.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder of the checkpoints."""
        self._folder = folder
        self._random: dict[str, Any] | None = None

    def on_train_epoch_end(self, trainer: pl.Trainer, _: pl.LightningModule) -> None:
        """Write the checkpoint beside the last one, then in its place."""
        temporary = self._folder / f".{LAST}.tmp"
        trainer.save_checkpoint(temporary)  # every process has a part in it
        if trainer.is_global_zero:
            os.replace(temporary, self._folder / LAST)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, _: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add what Lightning leaves out."""
        cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        checkpoint[STATE] = {"done": trainer.should_stop, "cpu": torch.get_rng_state(), "cuda": cuda}

    def on_load_checkpoint(self, _: pl.Trainer, __: pl.LightningModule, checkpoint: dict[str, Any]) -> None:
        """Remember the random numbers: the loaders that are made meanwhile draw some."""
        self._random = checkpoint[STATE]

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Put the random numbers where they were before this batch."""
        if self._random is None or trainer.world_size > 1:  # those of the first process are not the others'
            return
        torch.set_rng_state(self._random["cpu"])
        for device, state in enumerate(self._random["cuda"][: torch.cuda.device_count()]):
            torch.cuda.set_rng_state(state, device)
        iter(
            DataLoader(TensorDataset(torch.zeros(1)))
        )  # as each epoch's loader does, the seed of a loader's processes is drawn
        self._random = None


def finished_epochs(folder: Path) -> tuple[int, bool]:
    """How many epochs the checkpoint in a folder has behind it, 0 without one, and whether they are all."""
    try:
        found = torch.load(folder / LAST, map_location="cpu", weights_only=True)
        return int(found["epoch"]) + 1, bool(found[STATE]["done"])
    except Exception:  # missing, of another version: training begins anew
        return 0, False


def trim_history(curves: Path, epochs: int) -> list[dict[str, float]]:
    """Leave the values of so many epochs in the file of the curves; what a killed epoch added is dropped.

    Returns:
        These values.
    """
    if not epochs:
        curves.unlink(missing_ok=True)
        return []
    lines = curves.read_text(encoding="utf-8").splitlines()[:epochs]
    curves.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return [json.loads(line) for line in lines]
