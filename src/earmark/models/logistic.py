"""Logistic regression on a clip's summary: the classical linear baseline."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import nn

from earmark.foundation.progress import say
from earmark.models.summary import time_summary

SMALLEST_PROBABILITY = 1e-8  # of a class without clips


class Logistic(nn.Module):
    """Standardised mean and deviation of every band, one linear score per class, softmax.

    It is fitted by scikit-learn and kept as tensors: a state_dict has the whole model. Before `fit` all
    classes have equal scores.

    Args:
        channels: Channels of the input.
        bands: Bands of the input.
        frames: Frames of the input; weights do not depend on it.
        classes: Scores of the output.
        penalty_c: Inverse strength of the quadratic penalty on the weights (scikit-learn's C).
        max_iterations: Iterations of the optimiser, at most.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.
        mean: Subtracted from summaries (dimensions,).
        scale: Divides summaries (dimensions,).
        weight: Linear weights (classes, dimensions).
        bias: Intercepts (classes,).
        heard: Whether a class has training clips (classes,); bundles keep it by this name.

    Raises:
        ValueError: For settings that cannot work.
    """

    gives = "scores"
    clip_by_clip = False

    mean: torch.Tensor
    scale: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor
    heard: torch.Tensor

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
        """Summaries (n, 2 · channels · bands) of clips (n, channels, bands, frames)."""
        return time_summary(clips)

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """Fit the weights. Classes that do not occur get `SMALLEST_PROBABILITY`.

        Args:
            summaries: (n, dimensions).
            classes: Class numbers (n,).
            weights: Weight of each summary (n,).
            seed: Seed of the optimiser; equal arguments give equal weights.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(summaries, sample_weight=weights)
        present = np.unique(classes)
        weight = np.zeros(self.weight.shape)
        bias = np.zeros(self.bias.shape)
        if len(present) > 1:  # one class needs no weights
            regression = LogisticRegression(C=self.penalty_c, max_iter=self.max_iterations, random_state=seed)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", ConvergenceWarning)
                regression.fit(scaler.transform(summaries), classes, sample_weight=weights)
            if any(issubclass(item.category, ConvergenceWarning) for item in caught):
                say(f"logistic: had not converged after model.max_iterations={self.max_iterations}")
            # Of two classes scikit-learn keeps the second's score; the first's is 0.
            rows = present[1:] if len(present) == 2 else present
            weight[rows], bias[rows] = regression.coef_, regression.intercept_
        self.mean.copy_(torch.from_numpy(scaler.mean_))
        self.scale.copy_(torch.from_numpy(scaler.scale_))
        self.weight.copy_(torch.from_numpy(weight))
        self.bias.copy_(torch.from_numpy(bias))
        self.heard.copy_(torch.from_numpy(np.isin(np.arange(len(bias)), present)))

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Log probabilities (batch, classes) of clips (batch, channels, bands, frames)."""
        return self.scores(self.summarise(clips))

    def scores(self, summaries: torch.Tensor) -> torch.Tensor:
        """Log probabilities (n, classes) of summaries (n, dimensions)."""
        linear = (summaries - self.mean) / self.scale @ self.weight.T + self.bias
        probabilities = linear.masked_fill(~self.heard, -torch.inf).softmax(dim=1)
        return probabilities.clamp_min(SMALLEST_PROBABILITY).log()
