"""Distance of a piece's clips to a reference embedding of each label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from earmark.decisions.calibration import fit_temperature, softmax
from earmark.decisions.labelled import label_numbers, rows_of
from earmark.decisions.rejection import UNKNOWN, Rejection, check_rejection, threshold_of
from earmark.foundation.contracts import LabelledClips, Prediction
from earmark.foundation.errors import EarmarkError

FOLDS = 5  # of the validation works, where a metric is judged by pieces that it was not fitted on


@dataclass(frozen=True)
class FittedPrototypes:
    """The decision as a bundle keeps it.

    prototypes: (labels, dimensions). whitening: (dimensions, dimensions), by which embeddings are
    multiplied before Euclidean distances are taken.
    """

    kind = "prototypes"
    labels: list[str]
    prototypes: np.ndarray
    whitening: np.ndarray
    temperature: float
    rejection: Rejection

    @property
    def threshold(self) -> float:
        return self.rejection.threshold

    def clip_distances(self, clips: np.ndarray) -> np.ndarray:
        """Distance of each clip (clips, dimensions) to each prototype: (clips, labels)."""
        difference = self.whitened(clips)[:, None, :] - self.whitened(self.prototypes)[None, :, :]
        return np.linalg.norm(difference, axis=2)

    def distances(self, clips: np.ndarray) -> np.ndarray:
        """Mean distance of the clips (clips, dimensions) to each prototype: (labels,)."""
        return self.clip_distances(clips).mean(axis=0)

    def clip_probabilities(self, clips: np.ndarray) -> np.ndarray:
        """Probability of each label for each clip (clips, dimensions): (clips, labels)."""
        return softmax(-self.clip_distances(clips) / self.temperature)

    def whitened(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings (…, dimensions) where Euclidean distance is the distance of this decision."""
        return embeddings @ self.whitening

    def predict(self, clips: np.ndarray) -> Prediction:
        """The verdict on a piece from its clip embeddings (clips, dimensions)."""
        by_clip = self.clip_distances(clips)
        distances = by_clip.mean(axis=0)
        nearest = int(distances.argmin())
        probabilities = softmax(-distances / self.temperature)
        confidence = float(probabilities[nearest])
        share = float((by_clip.argmin(axis=1) == nearest).mean())
        distance = float(distances[nearest])
        accepted = self.rejection.accepts(distance, confidence, share)
        name = self.labels[nearest]
        return Prediction(
            name if accepted else UNKNOWN, name, confidence, share, distance, distances, probabilities
        )

    def arrays(self) -> dict[str, np.ndarray]:
        return {"prototypes": self.prototypes, "whitening": self.whitening}

    def numbers(self) -> dict[str, float]:
        return {"temperature": float(self.temperature), **_plain(self.rejection)}

    @classmethod
    def restore(
        cls, labels: list[str], arrays: Mapping[str, np.ndarray], numbers: Mapping[str, Any]
    ) -> FittedPrototypes:
        """From what `arrays` and `numbers` gave. Raises KeyError where something is missing."""
        rejection = Rejection(*(float(numbers[name]) for name in _plain(Rejection())))
        temperature = float(numbers["temperature"])
        return cls(labels, arrays["prototypes"], arrays["whitening"], temperature, rejection)


@dataclass(frozen=True)
class NearestPrototype:
    """Mean distance of a piece's clips to each class's prototype; the nearest one wins.

    metric: `mahalanobis` measures in units of how far the clips of one label scatter about their
    prototype, in training and validation (Lee et al. 2018; covariance after Ledoit and Wolf 2004):
    a direction in which known music never varies betrays a stranger. `euclidean` measures as is.
    target_fpr: share of calibration unknowns that may be taken for known pieces; the threshold is
    the distance at which that holds, or, where there are none, the one that accepts 95 % of the
    validation pieces; null for no threshold. min_confidence, min_share: what else a label needs.
    """

    needs = ("embeddings", "scores")

    metric: str
    target_fpr: float | None
    min_confidence: float = 0.0
    min_share: float = 0.0

    def __post_init__(self) -> None:
        if self.metric not in ("mahalanobis", "euclidean"):
            raise ValueError(f"metric={self.metric} is none of mahalanobis, euclidean")
        check_rejection(self.target_fpr, self.min_confidence, self.min_share)

    def fit(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
        calibration: Sequence[np.ndarray],
    ) -> FittedPrototypes:
        """Prototypes from training pieces, metric from those and validation pieces, temperature from
        validation pieces, threshold from those and calibration unknowns.

        calibration: the clip embeddings (clips, dimensions) of each of these.
        """
        fitted = self._measured(labels, train, validation)
        known = self.held_out(labels, train, validation)
        strangers = np.array([fitted.distances(piece).min() for piece in calibration])
        threshold = threshold_of(known.min(axis=1), strangers, self.target_fpr)
        return replace(
            fitted,
            temperature=distance_temperature(known, label_numbers(validation.labels, labels)),
            rejection=replace(fitted.rejection, threshold=threshold),
        )

    def held_out(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
    ) -> np.ndarray:
        """Distances of the validation pieces, each by a metric fitted without its work: (pieces, labels).

        The metric is fitted on validation pieces, too: by their own they, and other movements of their work,
        lie nearer to the prototypes than new pieces. Works are dealt into FOLDS folds in the order of their
        names.
        """
        _, work = np.unique(np.asarray(validation.works, dtype=str), return_inverse=True)
        folds = work % FOLDS
        distances = np.zeros((len(validation), len(labels)))
        for fold in np.unique(folds):
            fitted = self._measured(labels, train, rows_of(validation, np.flatnonzero(folds != fold)))
            for row in np.flatnonzero(folds == fold):
                distances[row] = fitted.distances(validation.clips[row])
        return distances

    def _measured(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
    ) -> FittedPrototypes:
        """Prototypes and metric, nothing of the temperature and the threshold yet."""
        check_heard(labels, train.labels)
        means = np.stack([piece.mean(axis=0) for piece in train.clips])
        names = np.asarray(train.labels)
        prototypes = np.stack([means[names == label].mean(axis=0) for label in labels])
        whitening = np.eye(prototypes.shape[1])
        if self.metric == "mahalanobis":
            residuals = [
                clips - prototypes[place]
                for pieces in (train, validation)
                for clips, place in zip(pieces.clips, label_numbers(pieces.labels, labels), strict=True)
            ]
            whitening = _whitening(residuals)
        rejection = Rejection(np.inf, self.min_confidence, self.min_share)
        return FittedPrototypes(list(labels), prototypes, whitening, 1.0, rejection)


def check_heard(labels: Sequence[str], train_labels: Sequence[str]) -> None:
    """Raise EarmarkError for a label of data.labels without a training piece: no place can be given to it."""
    if missing := sorted(set(labels) - set(train_labels)):
        raise EarmarkError(
            f"no piece to train on is called {missing[0]}, so nothing can be near to it: leave it out of "
            "data.labels, or choose decision=vote"
        )


def distance_temperature(distances: np.ndarray, truth: np.ndarray) -> float:
    """Temperature of softmax(-distances / temperature); the grid is in units of the mean distance."""
    unit = max(float(distances.mean()), 1e-12)
    return fit_temperature(lambda value: softmax(-distances / value), truth, unit)


def _plain(rejection: Rejection) -> dict[str, float]:
    return {name: float(value) for name, value in vars(rejection).items()}


def _whitening(residuals: Sequence[np.ndarray]) -> np.ndarray:
    """The matrix that makes residuals (clips, dimensions) of unit covariance, shrunk towards a sphere."""
    from sklearn.covariance import LedoitWolf

    estimate = LedoitWolf(assume_centered=True).fit(np.concatenate(residuals))
    return np.linalg.cholesky(estimate.precision_)
