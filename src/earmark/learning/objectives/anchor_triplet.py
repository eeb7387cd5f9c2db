"""Triplet margin loss over triplets that the sampler has drawn: no mining."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn


class AnchorTriplet(nn.Module):
    """Mean over triplets of max(0, d(anchor, positive) - d(anchor, negative) + margin), Euclidean.

    A batch is three equal parts: anchors, positives, negatives (sampler=anchors).

    Attributes:
        margin: By how much nearer to its anchor a positive should be than a negative.
    """

    needs: Literal["embeddings", "scores"] = "embeddings"
    needs_batches: Literal["classes", "triplets"] = "triplets"

    def __init__(self, margin: float) -> None:
        """Choose the margin, in the units of embeddings."""
        super().__init__()
        self.margin = margin

    def forward(self, embeddings: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Compute the loss.

        Args:
            embeddings: (3 n, dimensions), the three parts one after the other.
            classes: Class numbers (3 n,); unused, the parts say what is what.

        Returns:
            A scalar.
        """
        return self._losses(embeddings).mean()

    @torch.no_grad()
    def monitored(self, embeddings: torch.Tensor, classes: torch.Tensor) -> dict[str, torch.Tensor]:
        """How many triplets are not learned yet.

        Args:
            embeddings: As for `forward`.
            classes: As for `forward`.

        Returns:
            `violated_share`: the share of the batch's triplets whose loss is above 0.
        """
        return {"violated_share": (self._losses(embeddings) > 0).float().mean()}

    def _losses(self, embeddings: torch.Tensor) -> torch.Tensor:
        """The loss of each triplet (n,)."""
        anchors, positives, negatives = embeddings.chunk(3)
        return nn.functional.triplet_margin_loss(
            anchors, positives, negatives, margin=self.margin, reduction="none"
        )
