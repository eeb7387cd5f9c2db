"""Triplet margin loss over triplets that the sampler has drawn: no mining."""

from __future__ import annotations

import torch
from torch import nn


class AnchorTriplet(nn.Module):
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), mean over triplets; Euclidean.

    A batch is three equal parts: anchors, positives, negatives (sampler=anchors).
    """

    needs = "embeddings"
    needs_batches = "triplets"

    def __init__(self, margin: float) -> None:
        super().__init__()
        self._loss = nn.TripletMarginLoss(margin=margin)

    def forward(self, embeddings: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Loss of embeddings (3 n, d): a scalar."""
        anchors, positives, negatives = embeddings.chunk(3)
        return self._loss(anchors, positives, negatives)

    @torch.no_grad()
    def monitored(self, embeddings: torch.Tensor, classes: torch.Tensor) -> dict[str, torch.Tensor]:
        """`violated_share`: the share of the batch's triplets whose loss is above 0."""
        anchors, positives, negatives = embeddings.chunk(3)
        losses = nn.functional.triplet_margin_loss(
            anchors, positives, negatives, margin=self._loss.margin, reduction="none"
        )
        return {"violated_share": (losses > 0).float().mean()}
