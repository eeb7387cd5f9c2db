"""What speaks for each label: a logistic regression over embeddings, and distances from their centres."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from earmark.decisions.labelled import label_numbers, piece_weights
from earmark.foundation.contracts import LabelledClips

MOST_ITERATIONS = 150
SMALLEST_SCALE = 1e-6  # of a dimension that hardly varies


@dataclass(frozen=True)
class Discriminant:
    """A logistic regression of the labels, and of strangers where there were any.

    Attributes:
        mean: Subtracted from embeddings (dimensions,).
        scale: Divides them (dimensions,).
        weight: (labels, dimensions), and a row for strangers after them.
        bias: (labels,), and one for strangers.
        whitening: (dimensions, components): to the space of the Mahalanobis distance.
        centres: Of each label in that space (labels, components).
    """

    ARRAYS: ClassVar[tuple[str, ...]] = ("mean", "scale", "weight", "bias", "whitening", "centres")

    mean: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    whitening: np.ndarray
    centres: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays by name."""
        return {name: getattr(self, name) for name in self.ARRAYS}

    def standardised(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings (…, dimensions) with mean 0 and deviation 1 over the clips of the fit."""
        return (np.asarray(embeddings, np.float64) - self.mean) / self.scale

    def whitened(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings (…, dimensions) where Euclidean distance is Mahalanobis: (…, components)."""
        return self.standardised(embeddings) @ self.whitening

    def log_probabilities(self, clips: np.ndarray) -> np.ndarray:
        """Of each label, then of strangers where there were any, for each clip: (clips, classes)."""
        scores = self.standardised(clips) @ self.weight.T + self.bias
        scores -= scores.max(axis=1, keepdims=True)
        return scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))

    def piece_scores(self, clips: np.ndarray) -> np.ndarray:
        """Mean log probability of each label over the clips (labels,)."""
        return self.log_probabilities(clips).mean(axis=0)[: len(self.centres)]

    def evidence(self, clips: np.ndarray) -> np.ndarray:
        """What speaks for each label: (labels, 3), more is better.

        The columns are log odds against strangers (0 without any), log probability among the labels, and
        minus the Mahalanobis distance of the clips' mean from the nearest centre.
        """
        labels = len(self.centres)
        scores = self.log_probabilities(clips).mean(axis=0)
        known = scores[:labels]
        against = known - scores[labels] if len(scores) > labels else np.zeros(labels)
        among = known - np.logaddexp.reduce(known)
        mean = self.whitened(clips).mean(axis=0)
        odd = np.linalg.norm(self.centres - mean, axis=1).min()
        return np.stack([against, among, np.full(labels, -odd)], axis=1)


def fit_discriminant(
    labels: Sequence[str],
    pieces: LabelledClips,
    strangers: Sequence[np.ndarray],
    penalty_c: float,
    components: int,
    rendering_weight: float = 1.0,
) -> Discriminant:
    """Fit to pieces.

    Every label has the same weight, strangers as a whole too; within it every piece, within it every clip.
    A further rendering of a piece of a label has a weight of its own.

    Args:
        labels: The known labels.
        pieces: Embeddings of their pieces.
        strangers: Embeddings (clips, dimensions) of pieces of none of the labels.
        penalty_c: Inverse strength of the quadratic penalty, for weights that sum to the number of pieces.
        components: Principal components of the Mahalanobis distance.
        rendering_weight: Of a further rendering, beside 1 of a piece.
    """
    from sklearn.covariance import LedoitWolf
    from sklearn.decomposition import PCA
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    truth = label_numbers(pieces.labels, labels)
    clips = [*pieces.clips, *strangers]
    classes = np.concatenate([truth, np.full(len(strangers), len(labels), np.int64)])
    rows = np.concatenate(clips).astype(np.float64)
    counts = np.array([len(piece) for piece in clips])
    by_piece = np.append(piece_weights(pieces, rendering_weight), np.ones(len(strangers)))
    own = np.bincount(classes, by_piece, minlength=len(labels) + 1)
    share = by_piece / own[classes]
    weights = np.repeat(by_piece.sum() / (own > 0).sum() * share / counts, counts)
    known = np.repeat(classes < len(labels), counts)
    mean = rows[known].mean(axis=0)
    scale = np.maximum(rows[known].std(axis=0), SMALLEST_SCALE)
    rows = (rows - mean) / scale
    regression = LogisticRegression(C=penalty_c, max_iter=MOST_ITERATIONS)
    # One thread: the matrices are small, and beside other work threads wait for each other.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # close enough: the penalty is strong
        regression.fit(rows, np.repeat(classes, counts), sample_weight=weights)
    weight, bias = np.asarray(regression.coef_), np.asarray(regression.intercept_)
    if len(regression.classes_) == 2:  # scikit-learn keeps the second's score; the first's is 0
        weight, bias = np.vstack([0 * weight, weight]), np.append(0.0, bias)
    size = min(components, rows.shape[1], int(known.sum()) - 1)
    projection = np.asarray(PCA(size, svd_solver="covariance_eigh").fit(rows[known]).components_).T
    means = np.stack([((piece - mean) / scale).mean(axis=0) for piece in pieces.clips]) @ projection
    centres = np.stack([means[truth == number].mean(axis=0) for number in range(len(labels))])
    precision = LedoitWolf(assume_centered=True).fit(means - centres[truth]).precision_
    whitening = np.linalg.cholesky(np.asarray(precision))
    return Discriminant(mean, scale, weight, bias, projection @ whitening, centres @ whitening)
