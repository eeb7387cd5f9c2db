"""The LightningModule: a model learns under an objective and is scored on validation pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch

from earmark.foundation.contracts import Objective
from earmark.learning.dataset.shares import follow_first, whole_of
from earmark.learning.torch_parts import EncoderModule, ObjectiveModule

QUERIES = 256  # compared with all references at a time: 2 kB of distances for each reference
RETRIEVAL, ACCURACY = "validation/retrieval", "validation/balanced_accuracy"

Batch = tuple[torch.Tensor, torch.Tensor]
"""Clips (n, channels, bands, frames) and class numbers (n,)."""


def watched_score(objective: Objective) -> str:
    """The validation score under this objective: retrieval of embeddings, accuracy of scores."""
    return ACCURACY if objective.needs == "scores" else RETRIEVAL


class Learner(pl.LightningModule):
    """Trains an encoder with an objective; validates on clips of validation pieces.

    Validation loaders of (clips, classes): queries (validation pieces) and, for embeddings, references
    (training pieces). `validation/retrieval` is the mean average precision at R of the queries among
    the references, `validation/balanced_accuracy` the mean recall of the classes by the highest score.

    With several processes the objective sees the whole batch in each of them, so that it mines among
    all embeddings and the gradient is that of one process; validation clips are shared out alike.
    A clip that occurs twice in a batch, as anchors of triplets do, is encoded once by an encoder that says
    it is `clip_by_clip`: that equal clips come out equal, without batch normalisation and dropout.

    Attributes:
        encoder: What is trained and kept.
        objective: What training minimises; its own weights, if any, are trained too.
    """

    encoder: EncoderModule
    objective: ObjectiveModule

    def __init__(
        self,
        encoder: EncoderModule,
        objective: ObjectiveModule,
        optimizer: Callable[..., torch.optim.Optimizer],
        compiled: bool = False,
    ) -> None:
        """Put together what is trained.

        Args:
            encoder: A model, see `earmark.foundation.contracts.Model`.
            objective: See `earmark.foundation.contracts.Objective`.
            optimizer: From parameters to their optimizer.
            compiled: Train by torch.compile; validation stays as identification will be, without.
        """
        super().__init__()
        self.encoder, self.objective = encoder, objective
        self._optimizer, self._compiled = optimizer, compiled
        self._compiled_forward: Callable[[torch.Tensor], torch.Tensor] | None = None
        self._collected: tuple[list[Batch], list[Batch]] = ([], [])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """The optimizer of all weights of encoder and objective."""
        return self._optimizer(self.parameters())

    def on_fit_start(self) -> None:
        """Compile the encoder where that is asked for."""
        if self._compiled:
            # A function, not a module: the names of the weights stay as they are.
            self._compiled_forward = torch.compile(self.encoder.forward)

    def training_step(self, batch: Batch, _: int) -> torch.Tensor:
        """Compute and log the loss of a batch, with what the objective monitors."""
        clips, classes = batch
        outputs, classes = whole_of(self._encoded(clips).float()), whole_of(classes)
        # Distances and logarithms of what bf16 leaves of small differences would be noise.
        with torch.autocast(outputs.device.type, enabled=False):
            loss = self.objective(outputs, classes)
            values = {"loss": loss, **self.objective.monitored(outputs.detach(), classes)}
        self.log_dict(
            {f"train/{name}": value for name, value in values.items()},
            on_step=False,
            on_epoch=True,
            batch_size=len(classes),
            sync_dist=True,  # equal in every process; Lightning warns without it
        )
        return loss

    def _encoded(self, clips: torch.Tensor) -> torch.Tensor:
        encode = self._compiled_forward or self.encoder
        if not self.encoder.clip_by_clip:
            return encode(clips)
        different, rows = clips.unique(dim=0, return_inverse=True)
        return encode(different)[rows]

    def on_validation_epoch_start(self) -> None:
        """Forget the clips of the epoch before; give all processes the buffers of the first."""
        self._collected = ([], [])
        follow_first(self.encoder)

    def validation_step(self, batch: Batch, _: int, dataloader_idx: int = 0) -> None:
        """Collect what the encoder gives for a batch of queries (loader 0) or references (loader 1)."""
        clips, classes = batch
        self._collected[dataloader_idx].append((self.encoder(clips).float(), classes))

    def on_validation_epoch_end(self) -> None:
        """Log the validation score of all that was collected."""
        if self.trainer.sanity_checking:
            return
        (outputs, classes), *references = (_joined(part) for part in self._collected if part)
        name = watched_score(self.objective)
        if name == ACCURACY:
            score = balanced_accuracy(outputs, classes)
        else:
            score = retrieval(outputs, classes, *references[0])
        self.log(name, score, prog_bar=True, sync_dist=True)


def _joined(batches: list[Batch]) -> Batch:
    """Batches of this process and of all others as one."""
    outputs, classes = zip(*batches, strict=True)
    return whole_of(torch.cat(outputs)), whole_of(torch.cat(classes))


def balanced_accuracy(scores: torch.Tensor, classes: torch.Tensor) -> float:
    """Mean recall, over the classes that occur, of the class of the highest score.

    Args:
        scores: (n, classes).
        classes: The true class numbers (n,).

    Returns:
        Within 0 and 1.
    """
    from torchmetrics.functional.classification import multiclass_recall

    recall = multiclass_recall(scores, classes, num_classes=scores.shape[1], average="none")
    return float(recall[classes.unique()].mean())


def retrieval(
    queries: torch.Tensor,
    query_classes: torch.Tensor,
    references: torch.Tensor,
    reference_classes: torch.Tensor,
) -> float:
    """Mean average precision at R, averaged over classes: R is the number of a class's references.

    Queries are compared QUERIES at a time with all references, so that memory grows with these alone.

    Args:
        queries: Embeddings (n, dimensions).
        query_classes: Class numbers (n,); queries of a class without references are left out.
        references: Embeddings (m, dimensions).
        reference_classes: Class numbers (m,).

    Returns:
        Within 0 and 1; NaN where no query has a reference of its class.

    References:
        Musgrave, Belongie, Lim: A metric learning reality check, ECCV 2020.
    """
    from pytorch_metric_learning.distances import LpDistance
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
    from pytorch_metric_learning.utils.inference import CustomKNN

    queries, query_classes, references, reference_classes = (
        part.cpu() for part in (queries, query_classes, references, reference_classes)
    )
    neighbours = CustomKNN(LpDistance(normalize_embeddings=False))

    def nearest(query: torch.Tensor, k: int, reference: torch.Tensor, among_them: bool) -> Any:
        # Distances of float32 tie, and which of two neighbours comes first would differ by processor.
        return neighbours(query.double(), k, reference.double(), among_them)

    name = "mean_average_precision_at_r"
    class_scores = []
    for number, size in enumerate(torch.bincount(reference_classes).tolist()):
        blocks = queries[query_classes == number].split(QUERIES) if size else ()
        calculator = AccuracyCalculator(include=(name,), k=size, knn_func=nearest, device=torch.device("cpu"))
        scores = [
            calculator.get_accuracy(block, torch.full((len(block),), number), references, reference_classes)[
                name
            ]
            for block in blocks
            if len(block)
        ]
        if scores:
            class_scores.append(np.average(scores, weights=[len(block) for block in blocks]))
    return float(np.mean(class_scores))
