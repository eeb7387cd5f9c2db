"""Squared error between class probabilities and the one-hot truth (Brier 1950), as two originals train."""

from __future__ import annotations

import torch
from torch import nn


class SquaredError(nn.Module):
    """Mean over clips and classes of (softmax(scores) - one-hot)²: EpyNN's and Keras's MSE."""

    needs = "scores"
    needs_batches = "classes"

    def forward(self, scores: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        """Loss of scores (n, classes) with class numbers (n,): a scalar."""
        truth = nn.functional.one_hot(classes, scores.shape[1]).to(scores.dtype)
        return nn.functional.mse_loss(scores.softmax(dim=1), truth)

    def monitored(self, scores: torch.Tensor, classes: torch.Tensor) -> dict[str, torch.Tensor]:
        """Nothing beside the loss, which is a mean over all clips."""
        return {}
