"""Triplet margin loss with in-batch mining (Schroff et al. 2015; Hermans et al. 2017)."""

from __future__ import annotations

import torch
from torch import nn


class Triplet(nn.Module):
    """Anchors nearer to their own class than to others by `margin`, over triplets mined in the batch.

    miner: `semihard`, `hard` or `all` triplets that still violate the margin. Distances are
    Euclidean between embeddings as the encoder gives them.
    """

    needs = "embeddings"

    def __init__(self, margin: float, miner: str) -> None:
        super().__init__()
        from pytorch_metric_learning.distances import LpDistance
        from pytorch_metric_learning.losses import TripletMarginLoss
        from pytorch_metric_learning.miners import TripletMarginMiner

        if miner not in ("semihard", "hard", "all"):
            raise ValueError(f"miner={miner} is none of semihard, hard, all")
        distance = LpDistance(normalize_embeddings=False, p=2)
        self._loss = TripletMarginLoss(margin=margin, distance=distance)
        self._miner = TripletMarginMiner(margin=margin, type_of_triplets=miner, distance=distance)

    def forward(self, embeddings: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Loss of embeddings (n, d) with class numbers (n,): a scalar."""
        return self._loss(embeddings, classes, self._miner(embeddings, classes))
