"""Squared error between class probabilities and the one-hot truth, as two original systems train."""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn


class SquaredError(nn.Module):
    """Mean over clips and classes of (softmax(scores) - one-hot)²: EpyNN's and Keras's MSE.

    References:
        Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 1950.
    """

    needs: Literal["embeddings", "scores"] = "scores"
    needs_batches: Literal["classes", "triplets"] = "classes"

    def forward(self, scores: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Compute the loss of scores (n, classes) with class numbers (n,): a scalar."""
        truth = nn.functional.one_hot(classes, scores.shape[1]).to(scores.dtype)
        return nn.functional.mse_loss(scores.softmax(dim=1), truth)

    def monitored(self, scores: torch.Tensor, classes: torch.Tensor) -> dict[str, torch.Tensor]:
        """Nothing beside the loss, which is a mean over all clips."""
        return {}
