"""The LightningModule: an encoder learns under an objective and is judged by retrieval."""

from __future__ import annotations

from collections.abc import Callable

import pytorch_lightning as pl
import torch
from torch import nn


class Learner(pl.LightningModule):
    """Trains `encoder` with `objective`; validates by retrieval among the training clips.

    Two validation loaders of (clip, class): references (training pieces) and queries (validation
    pieces). `validation/retrieval` is the mean average precision at R of the queries (Musgrave et
    al. 2020).
    """

    def __init__(
        self,
        encoder: nn.Module,
        objective: nn.Module,
        optimizer: Callable[..., torch.optim.Optimizer],
    ) -> None:
        super().__init__()
        self.encoder, self.objective = encoder, objective
        self._optimizer = optimizer
        self._collected: tuple[list, list] = ([], [])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self._optimizer(self.parameters())

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], _: int) -> torch.Tensor:
        clips, classes = batch
        loss = self.objective(self.encoder(clips), classes)
        self.log("train/loss", loss, on_step=False, on_epoch=True, batch_size=len(clips))
        return loss

    def on_validation_epoch_start(self) -> None:
        self._collected = ([], [])

    def validation_step(self, batch: tuple, _: int, dataloader_idx: int = 0) -> None:
        clips, classes = batch
        self._collected[dataloader_idx].append((self.encoder(clips).float(), classes))

    def on_validation_epoch_end(self) -> None:
        if self.trainer.sanity_checking:
            return
        (references, reference_classes), (queries, query_classes) = (
            tuple(torch.cat(column) for column in zip(*part, strict=True)) for part in self._collected
        )
        precision = retrieval(queries, query_classes, references, reference_classes)
        self.log("validation/retrieval", precision, prog_bar=True, sync_dist=True)


def retrieval(
    queries: torch.Tensor,
    query_classes: torch.Tensor,
    references: torch.Tensor,
    reference_classes: torch.Tensor,
) -> float:
    """Mean average precision at R, averaged over classes: R is the number of a class's references."""
    from pytorch_metric_learning.distances import LpDistance
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
    from pytorch_metric_learning.utils.inference import CustomKNN

    calculator = AccuracyCalculator(
        include=("mean_average_precision_at_r",),
        avg_of_avgs=True,
        k=int(torch.bincount(reference_classes).max()),
        knn_func=CustomKNN(LpDistance(normalize_embeddings=False)),
        device=torch.device("cpu"),
    )
    found = calculator.get_accuracy(
        queries.cpu(), query_classes.cpu(), references.cpu(), reference_classes.cpu()
    )
    return float(found["mean_average_precision_at_r"])
