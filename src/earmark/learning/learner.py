"""The LightningModule: a model learns under an objective and is judged on validation pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np
import pytorch_lightning as pl
import torch
from torch import nn

from earmark.learning.dataset.shares import follow_first, whole_of

if TYPE_CHECKING:
    from earmark.foundation.contracts import Objective

QUERIES = 256  # compared with all references at a time: 1 kB of distances for each reference
RETRIEVAL, ACCURACY = "validation/retrieval", "validation/balanced_accuracy"


def watched_score(objective: nn.Module) -> str:
    """By what training under this objective is judged: retrieval of embeddings, accuracy of scores."""
    return ACCURACY if cast("Objective", objective).needs == "scores" else RETRIEVAL


class Learner(pl.LightningModule):
    """Trains `encoder` with `objective`; validates on clips of validation pieces.

    Validation loaders of (clips, classes): queries (validation pieces) and, for embeddings, references
    (training pieces). `validation/retrieval` is the mean average precision at R of the queries among
    the references (Musgrave et al. 2020), `validation/balanced_accuracy` the mean recall of the
    classes by the highest score.

    With several processes the objective sees the whole batch in each of them, so that it mines among
    all embeddings and the gradient is that of one process; validation clips are shared out alike.
    A clip that occurs twice in a batch, as anchors of triplets do, is encoded once by an encoder that says
    it is `clip_by_clip`: that equal clips come out equal, without batch normalisation and dropout.
    compiled: train by torch.compile; validation stays as identification will be, without.
    """

    def __init__(
        self,
        encoder: nn.Module,
        objective: nn.Module,
        optimizer: Callable[..., torch.optim.Optimizer],
        compiled: bool = False,
    ) -> None:
        super().__init__()
        self.encoder, self.objective = encoder, objective
        self._optimizer, self._compiled = optimizer, compiled
        self._compiled_forward: Callable[[torch.Tensor], torch.Tensor] | None = None
        self._collected: tuple[list, list] = ([], [])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self._optimizer(self.parameters())

    def on_fit_start(self) -> None:
        if self._compiled:
            # A function, not a module: the names of the weights stay as they are.
            self._compiled_forward = torch.compile(self.encoder.forward)

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> torch.Tensor:
        clips, classes = batch
        outputs, classes = whole_of(self._encoded(clips).float()), whole_of(classes)
        # Distances and logarithms of what bf16 leaves of small differences would be noise.
        with torch.autocast(outputs.device.type, enabled=False):
            loss = self.objective(outputs, classes)
            shown = {"loss": loss, **cast("Objective", self.objective).monitored(outputs.detach(), classes)}
        # Every process has the same loss; sync_dist is how Lightning likes to hear that.
        values = {f"train/{name}": value for name, value in shown.items()}
        self.log_dict(values, on_step=False, on_epoch=True, batch_size=len(classes), sync_dist=True)
        return loss

    def _encoded(self, clips: torch.Tensor) -> torch.Tensor:
        encode = self._compiled_forward or self.encoder
        if not self.encoder.clip_by_clip:
            return encode(clips)
        different, rows = clips.unique(dim=0, return_inverse=True)
        return encode(different)[rows]

    def on_validation_epoch_start(self) -> None:
        self._collected = ([], [])
        follow_first(self.encoder)

    def validation_step(self, batch: tuple, _: int, dataloader_idx: int = 0) -> None:
        clips, classes = batch
        self._collected[dataloader_idx].append((self.encoder(clips).float(), classes))

    def on_validation_epoch_end(self) -> None:
        if self.trainer.sanity_checking:
            return
        queries, *references = (
            tuple(whole_of(torch.cat(column)) for column in zip(*part, strict=True))
            for part in self._collected
            if part
        )
        name = watched_score(self.objective)
        score = balanced_accuracy(*queries) if name == ACCURACY else retrieval(*queries, *references[0])
        self.log(name, score, prog_bar=True, sync_dist=True)


def balanced_accuracy(scores: torch.Tensor, classes: torch.Tensor) -> float:
    """Mean recall, over the classes that occur, of the highest score (n, classes)."""
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
    """
    from pytorch_metric_learning.distances import LpDistance
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
    from pytorch_metric_learning.utils.inference import CustomKNN

    queries, query_classes, references, reference_classes = (
        part.cpu() for part in (queries, query_classes, references, reference_classes)
    )
    nearest = CustomKNN(LpDistance(normalize_embeddings=False))
    name = "mean_average_precision_at_r"
    found = []
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
            found.append(np.average(scores, weights=[len(block) for block in blocks]))
    return float(np.mean(found))
