"""Triplet margin loss with in-batch mining (Schroff et al. 2015; Hermans et al. 2017)."""

from __future__ import annotations

import torch
from torch import nn


class Triplet(nn.Module):
    """Anchors nearer to their own class than to others by `margin`, over triplets mined in the batch.

    miner: `semihard`, `hard` or `all` triplets that still violate the margin. Distances are
    Euclidean between embeddings as the encoder gives them. The loss is the mean over the mined triplets,
    which become fewer and harder as the model learns: it may rise meanwhile. `monitored` counts all triplets.
    """

    needs = "embeddings"
    needs_batches = "classes"

    def __init__(self, margin: float, miner: str) -> None:
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
        """Loss of embeddings (n, d) with class numbers (n,): a scalar."""
        return self._loss(embeddings, classes, self._miner(embeddings, classes))

    @torch.no_grad()
    def monitored(self, embeddings: torch.Tensor, classes: torch.Tensor) -> dict[str, torch.Tensor]:
        """`loss_all_triplets`: the mean of max(0, d(a, p) - d(a, n) + margin) over all triplets of the batch.
        `violated_share`: the share of them in which it is above 0."""
        total, violated, count = (embeddings.new_zeros(()) for _ in range(3))
        distances = torch.cdist(embeddings, embeddings)
        for anchor, own in enumerate(classes):  # an anchor at a time: n × n triplets, not n × n × n
            same = classes == own
            positive = distances[anchor][same & (torch.arange(len(classes), device=classes.device) != anchor)]
            gap = (positive[:, None] - distances[anchor][~same][None] + self.margin).clamp_min(0)
            total, violated, count = total + gap.sum(), violated + (gap > 0).sum(), count + gap.numel()
        count = count.clamp_min(1)
        return {"loss_all_triplets": total / count, "violated_share": violated / count}
