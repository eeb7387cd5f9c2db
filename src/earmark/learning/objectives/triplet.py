"""Triplet margin loss with mining in the batch."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn


class Triplet(nn.Module):
    """Anchors nearer to their own class than to others by a margin, over triplets mined in the batch.

    Distances are Euclidean between embeddings as the encoder gives them. The loss is the mean over the mined
    triplets, which become fewer and harder as the model learns: it may rise meanwhile. `monitored` counts all
    triplets.

    Attributes:
        margin: By how much nearer to its anchor a positive should be than a negative.

    References:
        Schroff et al., FaceNet, CVPR 2015; Hermans et al., In defense of the triplet loss, 2017.
    """

    needs: Literal["embeddings", "scores"] = "embeddings"
    needs_batches: Literal["classes", "triplets"] = "classes"

    def __init__(self, margin: float, miner: str) -> None:
        """Choose margin and miner.

        Args:
            margin: In the units of embeddings.
            miner: `semihard`, `hard` or `all` triplets that violate the margin.

        Raises:
            ValueError: There is no such miner.
        """
        super().__init__()
        from pytorch_metric_learning.distances import LpDistance
        from pytorch_metric_learning.losses import TripletMarginLoss
        from pytorch_metric_learning.miners import TripletMarginMiner

        if miner not in ("semihard", "hard", "all"):
            raise ValueError(f"miner={miner} is none of semihard, hard, all")
        self.margin = margin
        distance = LpDistance(normalize_embeddings=False, p=2)
        self._loss = TripletMarginLoss(margin=margin, distance=distance)
        self._miner = TripletMarginMiner(margin=margin, type_of_triplets=miner, distance=distance)

    def forward(self, embeddings: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Compute the loss of embeddings (n, dimensions) with class numbers (n,): a scalar."""
        return self._loss(embeddings, classes, self._miner(embeddings, classes))

    @torch.no_grad()
    def monitored(self, embeddings: torch.Tensor, classes: torch.Tensor) -> dict[str, torch.Tensor]:
        """The loss over all triplets of the batch, those included that keep the margin.

        Args:
            embeddings: (n, dimensions).
            classes: Class numbers (n,).

        Returns:
            `loss_all_triplets`, the mean of max(0, d(a, p) - d(a, n) + margin), and `violated_share`, the
            share of triplets in which it is above 0. Both are 0 where the batch holds no triplet.
        """
        distances = torch.cdist(embeddings, embeddings)
        same = classes[:, None] == classes
        positive_pairs = same.clone().fill_diagonal_(False)
        anchors, positives = positive_pairs.nonzero(as_tuple=True)
        # A row for each pair of anchor and positive, a column for each clip; 0 where that is no negative.
        limits = distances[anchors, positives] + self.margin
        losses = distances.masked_fill(same, torch.inf)[anchors].neg_().add_(limits[:, None]).clamp_min_(0)
        triplets = (positive_pairs.sum(dim=1) * (~same).sum(dim=1)).sum().clamp_min(1)
        return {"loss_all_triplets": losses.sum() / triplets, "violated_share": (losses > 0).sum() / triplets}
