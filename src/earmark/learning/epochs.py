"""The curves of a training: what an epoch is reported as, and where its values are kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from earmark.foundation.progress import say

LOSS = "train/loss"  # what is minimised
FORMATS = {
    f"{LOSS}_all_triplets": "triplet loss {:.4f} (mean of all triplets)",
    "train/violated_share": "{:.1%} of the triplets violate the margin",
}
"""How a value is printed whose name alone says too little."""


class EpochHistory(Callback):
    """Prints a line for each epoch and keeps its values in a file, which outlives a spawned process."""

    def __init__(self, file: Path, score: str) -> None:
        """Choose where the values go.

        Args:
            file: JSON lines, one for each epoch, are added to it.
            score: The validation score that the line ends with.
        """
        self._file, self._score = file, score

    def on_train_epoch_end(self, trainer: pl.Trainer, _: pl.LightningModule) -> None:
        """Print and keep the values of the epoch, in the first process."""
        if not trainer.is_global_zero:
            return
        values = {name: float(value) for name, value in trainer.callback_metrics.items()}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"epoch": trainer.current_epoch, **values}) + "\n")
        count = f"{trainer.current_epoch + 1}/{trainer.max_epochs or '∞'}"
        say(f"epoch {count}: {summary_of(values, self._score)}")


def summary_of(values: Mapping[str, float], score: str) -> str:
    """The values of an epoch in words: the loss of the curves, what the objective monitors, the score.

    Args:
        values: By name; those of the objective begin with `train/`.
        score: Name of the validation score.

    Returns:
        For example `triplet loss 0.4603 (mean of all triplets), 17.3% of the triplets violate the margin,
        validation retrieval 0.8125`.
    """
    curve = curve_of(values)
    others = [name for name in values if name.startswith("train/") and name not in (LOSS, curve)]
    return ", ".join(_shown(name, values[name]) for name in (curve, *others, score))


def _shown(name: str, value: float) -> str:
    plain = f"{words(name.removeprefix('train/'))} {{:.4f}}"
    return FORMATS.get(name, plain).format(value)


def curve_of(epoch: Mapping[str, float]) -> str:
    """Which loss of an epoch the curves show.

    Args:
        epoch: Values by name.

    Returns:
        The name of the objective's `loss_…` where it has one, else of what is minimised.
    """
    return next((name for name in epoch if name.startswith(f"{LOSS}_")), LOSS)


def words(score: str) -> str:
    """The name of a score in words, for example `validation balanced accuracy`."""
    return score.replace("/", " ").replace("_", " ")
