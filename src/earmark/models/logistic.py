"""Logistic regression on a clip's summary: the classical linear baseline."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import nn

from earmark.foundation.progress import say
from earmark.models.summary import time_summary

SMALLEST_PROBABILITY = 1e-8  # what a label that was never heard gets


class Logistic(nn.Module):
    """Standardised mean and deviation of every band, one linear score per class, softmax.

    Input (batch, channels, bands, frames); output (batch, classes), log probabilities. Fitted by
    scikit-learn, kept as tensors: a state_dict holds it whole. Before `fit` all classes are alike.
    penalty_c: inverse strength of the quadratic penalty on the weights (scikit-learn's C).
    """

    gives = "scores"
    clip_by_clip = False

    def __init__(
        self, channels: int, bands: int, frames: int, classes: int, penalty_c: float, max_iterations: int
    ) -> None:
        super().__init__()
        if penalty_c <= 0 or max_iterations < 1:
            raise ValueError(
                f"penalty_c={penalty_c:g} must be above 0 and max_iterations={max_iterations} 1 or more"
            )
        size = 2 * channels * bands
        self.penalty_c, self.max_iterations = penalty_c, max_iterations
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))
        self.register_buffer("weight", torch.zeros(classes, size))
        self.register_buffer("bias", torch.zeros(classes))
        self.register_buffer("heard", torch.ones(classes, dtype=torch.bool))

    def summarise(self, clips: torch.Tensor) -> torch.Tensor:
        """(n, channels, bands, frames) to (n, 2 · channels · bands): what `fit` takes."""
        return time_summary(clips)

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """Learn from summaries (n, d), class numbers (n,) and the weight of each of them (n,).

        Classes that do not occur are never chosen. Equal arguments give equal weights.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(summaries, sample_weight=weights)
        heard = np.unique(classes)
        weight = np.zeros(self.weight.shape)
        bias = np.zeros(self.bias.shape)
        if len(heard) > 1:  # with one there is nothing to tell apart
            regression = LogisticRegression(C=self.penalty_c, max_iter=self.max_iterations, random_state=seed)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", ConvergenceWarning)
                regression.fit(scaler.transform(summaries), classes, sample_weight=weights)
            if any(issubclass(item.category, ConvergenceWarning) for item in caught):
                say(f"logistic: had not converged after model.max_iterations={self.max_iterations}")
            # Of two classes scikit-learn keeps the second's score; the first's is 0.
            rows = heard[1:] if len(heard) == 2 else heard
            weight[rows], bias[rows] = regression.coef_, regression.intercept_
        found = {"mean": scaler.mean_, "scale": scaler.scale_, "weight": weight, "bias": bias}
        for name, array in found.items():
            getattr(self, name).copy_(torch.from_numpy(array))
        self.heard.copy_(torch.from_numpy(np.isin(np.arange(len(bias)), heard)))

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        return self.scores(self.summarise(clips))

    def scores(self, summaries: torch.Tensor) -> torch.Tensor:
        """Summaries (n, d) to log probabilities (n, classes)."""
        linear = (summaries - self.mean) / self.scale @ self.weight.T + self.bias
        probabilities = linear.masked_fill(~self.heard, -torch.inf).softmax(dim=1)
        return probabilities.clamp_min(SMALLEST_PROBABILITY).log()
