"""From clip embeddings to a piece's verdict: a label, or *unknown*, with confidence and evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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

    metric: `mahalanobis` measures in units of how far the clips of one label scatter about their
    prototype, in training and validation (Lee et al. 2018; covariance after Ledoit and Wolf 2004):
    a direction in which known music never varies betrays a stranger. `euclidean` measures as is.
    target_fpr: share of calibration unknowns that may be taken for known pieces; the threshold is
    the distance at which that holds, or, where there are none, the one that accepts 95 % of the
    validation pieces.
    """

    metric: str
    target_fpr: float

    def __post_init__(self) -> None:
        if self.metric not in ("mahalanobis", "euclidean"):
            raise ValueError(f"metric={self.metric} is none of mahalanobis, euclidean")
        if not 0 < self.target_fpr < 1:
            raise ValueError(f"target_fpr={self.target_fpr:g} must lie between 0 and 1")

    def fit(
        self,
        labels: Sequence[str],
        train: Sequence[np.ndarray],
        train_labels: Sequence[str],
        validation: Sequence[np.ndarray],
        validation_labels: Sequence[str],
        calibration: Sequence[np.ndarray],
    ) -> FittedPrototypes:
        """Prototypes from training pieces, metric from those and validation pieces, temperature from
        validation pieces, threshold from those and calibration unknowns.

        Each piece is an array of clip embeddings (clips, dimensions).
        """
        place = {label: index for index, label in enumerate(labels)}
        truth = np.array([place[label] for label in validation_labels])
        means = np.stack([piece.mean(axis=0) for piece in train])
        names = np.asarray(train_labels)
        prototypes = np.stack([means[names == label].mean(axis=0) for label in labels])
        whitening = np.eye(prototypes.shape[1])
        if self.metric == "mahalanobis":
            pieces = zip([*train, *validation], [*train_labels, *validation_labels], strict=True)
            whitening = _whitening([clips - prototypes[place[label]] for clips, label in pieces])
        fitted = FittedPrototypes(list(labels), prototypes, whitening, temperature=1.0, threshold=np.inf)
        known = np.stack([fitted.distances(piece) for piece in validation])
        strangers = [fitted.distances(piece).min() for piece in calibration]
        return replace(
            fitted,
            temperature=_temperature(known, truth),
            threshold=self._threshold(known.min(axis=1), np.array(strangers)),
        )

    def _threshold(self, known: np.ndarray, strangers: np.ndarray) -> float:
        if len(strangers):
            # Just below the first stranger that would be one too many: the target holds exactly.
            passing = int(self.target_fpr * len(strangers))
            return float(np.nextafter(np.sort(strangers)[passing], -np.inf))
        return float(np.quantile(known, 0.95))


@dataclass(frozen=True)
class FittedPrototypes:
    """The decision as a bundle keeps it.

    prototypes: (labels, dimensions). whitening: (dimensions, dimensions), by which embeddings are
    multiplied before Euclidean distances are taken.
    """

    labels: list[str]
    prototypes: np.ndarray
    whitening: np.ndarray
    temperature: float
    threshold: float

    def distances(self, clips: np.ndarray) -> np.ndarray:
        """Mean distance of the clips (clips, dimensions) to each prototype: (labels,)."""
        difference = self.whitened(clips)[:, None, :] - self.whitened(self.prototypes)[None, :, :]
        return np.linalg.norm(difference, axis=2).mean(axis=0)

    def whitened(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings (…, dimensions) where Euclidean distance is the distance of this decision."""
        return embeddings @ self.whitening

    def verdict(self, clips: np.ndarray) -> Verdict:
        """The verdict on a piece from its clip embeddings (clips, dimensions)."""
        distances = self.distances(clips)
        nearest = int(distances.argmin())
        return Verdict(
            label=self.labels[nearest] if distances[nearest] <= self.threshold else UNKNOWN,
            nearest=self.labels[nearest],
            confidence=float(_softmax(-distances / self.temperature)[nearest]),
            distance=float(distances[nearest]),
            distances=distances,
        )


def _whitening(residuals: Sequence[np.ndarray]) -> np.ndarray:
    """The matrix that makes residuals (clips, dimensions) of unit covariance, shrunk towards a sphere."""
    from sklearn.covariance import LedoitWolf

    estimate = LedoitWolf(assume_centered=True).fit(np.concatenate(residuals))
    return np.linalg.cholesky(estimate.precision_)


def _softmax(values: np.ndarray) -> np.ndarray:
    exponent = np.exp(values - values.max(axis=-1, keepdims=True))
    return exponent / exponent.sum(axis=-1, keepdims=True)


def _temperature(distances: np.ndarray, truth: np.ndarray) -> float:
    """The temperature of least negative log-likelihood (Guo et al. 2017), from a fixed grid.

    Distances are scaled by their own mean first: the grid fits whatever their unit.
    """
    unit = max(float(distances.mean()), 1e-12)
    grid = np.geomspace(0.005, 5.0, 200) * unit
    rows = np.arange(len(truth))
    loss = [-np.log(_softmax(-distances / value)[rows, truth] + 1e-12).mean() for value in grid]
    return float(grid[int(np.argmin(loss))])
