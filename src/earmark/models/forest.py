"""A random forest on a clip's summary: the classical non-linear baseline."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from earmark.models.summary import time_summary

SMALLEST_PROBABILITY = 1e-8  # of a class that no leaf has
DEEPEST = 14  # questions of a path at most: a complete tree doubles with each


class Forest(nn.Module):
    """Decision trees whose scores are the mean class shares of their leaves.

    Trees are grown by scikit-learn and kept as complete binary trees in heap order, so that shapes follow
    from the settings and a state_dict has the whole forest. Before `fit` all classes have equal scores.

    Args:
        channels: Channels of the input.
        bands: Bands of the input.
        frames: Frames of the input; trees do not depend on it.
        classes: Scores of the output.
        trees: Trees of the forest.
        max_depth: Questions from root to leaf, at most.
        min_samples_leaf: Clips of a leaf, at least.

    Attributes:
        gives: What it returns, "embeddings" or "scores".
        clip_by_clip: Whether equal clips have equal outputs in training, too.
        feature: Feature that a node asks for (trees, nodes) of int64.
        threshold: Node i goes on to node 2 i + 1 where the feature is at most this value, else to 2 i + 2:
            (trees, nodes) of float32.
        leaves: Class shares (trees, nodes + 1, classes) of float32.

    Raises:
        ValueError: For settings that cannot work.

    References:
        L. Breiman, Random forests, Machine Learning 45, 2001.
    """

    gives = "scores"
    clip_by_clip = False

    feature: torch.Tensor
    threshold: torch.Tensor
    leaves: torch.Tensor

    def __init__(
        self,
        channels: int,
        bands: int,
        frames: int,
        classes: int,
        trees: int,
        max_depth: int,
        min_samples_leaf: int,
    ) -> None:
        super().__init__()
        if trees < 1 or min_samples_leaf < 1:
            raise ValueError(f"trees={trees} and min_samples_leaf={min_samples_leaf} must be 1 or more")
        if not 1 <= max_depth <= DEEPEST:
            raise ValueError(f"max_depth={max_depth} must lie within 1 and {DEEPEST}")
        self.max_depth, self.min_samples_leaf = max_depth, min_samples_leaf
        nodes = 2**max_depth - 1
        self.register_buffer("feature", torch.zeros(trees, nodes, dtype=torch.int64))
        self.register_buffer("threshold", torch.full((trees, nodes), torch.inf))
        self.register_buffer("leaves", torch.full((trees, nodes + 1, classes), 1 / classes))

    def summarise(self, clips: torch.Tensor) -> torch.Tensor:
        """Summaries (n, 2 · channels · bands) of clips (n, channels, bands, frames)."""
        return time_summary(clips)

    def fit(self, summaries: np.ndarray, classes: np.ndarray, weights: np.ndarray, seed: int) -> None:
        """Grow the trees. Classes that do not occur get `SMALLEST_PROBABILITY`.

        Args:
            summaries: (n, dimensions).
            classes: Class numbers (n,).
            weights: Weight of each summary (n,).
            seed: Seed of the random choices; equal arguments give equal trees.
        """
        from sklearn.ensemble import RandomForestClassifier

        grown = RandomForestClassifier(
            n_estimators=len(self.feature),
            max_depth=self.max_depth,
            min_samples_leaf=self.min_samples_leaf,
            random_state=seed,
        ).fit(summaries, classes, sample_weight=weights)
        heaps = [_heap(tree.tree_, self.max_depth) for tree in grown.estimators_]
        feature, threshold, leaves = (np.stack(part) for part in zip(*heaps, strict=True))
        self.feature.copy_(torch.from_numpy(feature))
        self.threshold.copy_(torch.from_numpy(threshold))
        self.leaves.zero_()
        self.leaves[:, :, torch.from_numpy(grown.classes_.astype(np.int64))] = torch.from_numpy(leaves)

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        """Log probabilities (batch, classes) of clips (batch, channels, bands, frames)."""
        return self.scores(self.summarise(clips))

    def scores(self, summaries: torch.Tensor) -> torch.Tensor:
        """Log probabilities (n, classes) of summaries (n, dimensions)."""
        trees = torch.arange(len(self.feature), device=summaries.device)
        node = torch.zeros(len(summaries), len(trees), dtype=torch.int64, device=summaries.device)
        for _ in range(self.max_depth):
            value = summaries.gather(1, self.feature[trees, node])
            node = 2 * node + 1 + (value > self.threshold[trees, node]).long()
        shares = self.leaves[trees, node - self.feature.shape[1]].mean(dim=1)
        return shares.clamp_min(SMALLEST_PROBABILITY).log()


def _heap(tree: Any, max_depth: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A tree of scikit-learn as features (nodes,), thresholds (nodes,) and leaf shares in heap order.

    A leaf above the last level is put at the left end of its subtree, whose thresholds are infinite.
    """
    nodes = 2**max_depth - 1
    feature = np.zeros(nodes, dtype=np.int64)
    threshold = np.full(nodes, np.inf, dtype=np.float32)
    leaves = np.zeros((nodes + 1, tree.value.shape[2]), dtype=np.float32)
    shares = tree.value[:, 0] / tree.value[:, 0].sum(axis=1, keepdims=True)
    open_nodes = [(0, 0)]  # scikit-learn's number, place in the heap
    while open_nodes:
        node, place = open_nodes.pop()
        left, right = tree.children_left[node], tree.children_right[node]
        if left >= 0:
            feature[place] = tree.feature[node]
            threshold[place] = _at_most(tree.threshold[node])
            open_nodes += [(left, 2 * place + 1), (right, 2 * place + 2)]
            continue
        while place < nodes:
            place = 2 * place + 1
        leaves[place - nodes] = shares[node]
    return feature, threshold, leaves


def _at_most(threshold: float) -> np.float32:
    """The largest float32 that is not above a threshold: float32 values lie on the same side of both."""
    nearest = np.float32(threshold)
    return nearest if float(nearest) <= threshold else np.nextafter(nearest, np.float32(-np.inf))
