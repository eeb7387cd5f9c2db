"""From clip embeddings to a piece's verdict: a label, or *unknown*, with confidence and evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    """What is said about one piece.

    nearest: the most likely known label; label: the same, or UNKNOWN beyond the threshold.
    confidence: probability of `nearest` among the known labels. distance: to its prototype.
    distances: to every prototype, in the order of the labels.
    """

    label: str
    nearest: str
    confidence: float
    distance: float
    distances: np.ndarray


@dataclass(frozen=True)
class NearestPrototype:
    """Mean distance of a piece's clips to each class's prototype; the nearest one wins.

    target_fpr: share of calibration unknowns that may be taken for known pieces; the threshold is
    the distance at which that holds, or, where there are none, the one that accepts 95 % of the
    validation pieces.
    """

    target_fpr: float = 0.2

    def fit(
        self,
        labels: Sequence[str],
        train: Sequence[np.ndarray],
        train_labels: Sequence[str],
        validation: Sequence[np.ndarray],
        validation_labels: Sequence[str],
        calibration: Sequence[np.ndarray],
    ) -> FittedPrototypes:
        """Prototypes from training pieces; temperature from validation; threshold from both.

        Each piece is an array of clip embeddings (clips, dimensions).
        """
        means = np.stack([piece.mean(axis=0) for piece in train])
        names = np.asarray(train_labels)
        prototypes = np.stack([_unit(means[names == label].mean(axis=0)) for label in labels])
        known = np.stack([distances_to(prototypes, piece) for piece in validation])
        truth = np.array([list(labels).index(label) for label in validation_labels])
        strangers = [distances_to(prototypes, piece).min() for piece in calibration]
        return FittedPrototypes(
            labels=list(labels),
            prototypes=prototypes,
            temperature=_temperature(known, truth),
            threshold=self._threshold(known.min(axis=1), np.array(strangers)),
        )

    def _threshold(self, known: np.ndarray, strangers: np.ndarray) -> float:
        if len(strangers):
            return float(np.quantile(strangers, self.target_fpr))
        return float(np.quantile(known, 0.95))


@dataclass(frozen=True)
class FittedPrototypes:
    """The decision as a bundle keeps it. prototypes: (labels, dimensions), unit vectors."""

    labels: list[str]
    prototypes: np.ndarray
    temperature: float
    threshold: float

    def verdict(self, clips: np.ndarray) -> Verdict:
        """The verdict on a piece from its clip embeddings (clips, dimensions)."""
        distances = distances_to(self.prototypes, clips)
        nearest = int(distances.argmin())
        return Verdict(
            label=self.labels[nearest] if distances[nearest] <= self.threshold else UNKNOWN,
            nearest=self.labels[nearest],
            confidence=float(_softmax(-distances / self.temperature)[nearest]),
            distance=float(distances[nearest]),
            distances=distances,
        )


def distances_to(prototypes: np.ndarray, clips: np.ndarray) -> np.ndarray:
    """Mean Euclidean distance of the clips (clips, dimensions) to each prototype: (labels,)."""
    return np.linalg.norm(clips[:, None, :] - prototypes[None, :, :], axis=2).mean(axis=0)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def _softmax(values: np.ndarray) -> np.ndarray:
    exponent = np.exp(values - values.max(axis=-1, keepdims=True))
    return exponent / exponent.sum(axis=-1, keepdims=True)


def _temperature(distances: np.ndarray, truth: np.ndarray) -> float:
    """The temperature of least negative log-likelihood (Guo et al. 2017), from a fixed grid."""
    grid = np.geomspace(0.005, 5.0, 200)
    rows = np.arange(len(truth))
    loss = [-np.log(_softmax(-distances / value)[rows, truth] + 1e-12).mean() for value in grid]
    return float(grid[int(np.argmin(loss))])
