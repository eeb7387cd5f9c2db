"""Cross-entropy of class scores: the usual objective of a classifier."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn


class CrossEntropy(nn.Module):
    """Mean negative log-probability of the right class under the softmax of the scores.

    Attributes:
        label_smoothing: Share of the truth that is spread over all classes.

    References:
        Smoothing: Szegedy et al., Rethinking the Inception architecture, CVPR 2016.
    """

    needs: Literal["embeddings", "scores"] = "scores"
    needs_batches: Literal["classes", "triplets"] = "classes"

    def __init__(self, label_smoothing: float = 0.0) -> None:
        """Choose the smoothing.

        Raises:
            ValueError: It is not within [0, 1).
        """
        super().__init__()
        if not 0 <= label_smoothing < 1:
            raise ValueError(f"label_smoothing={label_smoothing:g} must lie within 0 and 1")
        self.label_smoothing = label_smoothing

    def forward(self, scores: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Compute the loss of scores (n, classes) with class numbers (n,): a scalar."""
        return nn.functional.cross_entropy(scores, classes, label_smoothing=self.label_smoothing)

    def monitored(self, scores: torch.Tensor, classes: torch.Tensor) -> dict[str, torch.Tensor]:
        """Nothing beside the loss, which is a mean over all clips."""
        return {}
