"""The nearest prototype: distance of a piece's clips to one reference embedding of each label.

References:
    K. Lee et al., A simple unified framework for detecting out-of-distribution samples and adversarial
        attacks, NeurIPS, 2018: the Mahalanobis distance with one covariance of all labels.
    O. Ledoit and M. Wolf, A well-conditioned estimator for large-dimensional covariance matrices, Journal of
        Multivariate Analysis 88(2), 2004: the shrinkage of that covariance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from earmark.decisions.calibration import fit_temperature, softmax
from earmark.decisions.dial import Dial, check_strictness, fit_dial
from earmark.decisions.labelled import label_numbers, rows_of
from earmark.decisions.rejection import UNKNOWN, Rejection, check_rejection, threshold_of
from earmark.foundation.contracts import LabelledClips, Prediction
from earmark.foundation.errors import EarmarkError

FOLDS = 5  # of the validation works: distances of a fold are by a metric fitted on the other folds


@dataclass(frozen=True)
class FittedPrototypes:
    """The fitted decision, as a bundle keeps it.

    Attributes:
        kind: Name in bundle.yaml.
        labels: The known labels.
        prototypes: Reference embedding of each label (labels, dimensions).
        whitening: (dimensions, dimensions), by which embeddings are multiplied before Euclidean distances
            are taken.
        temperature: Unit of distance in the softmax of probabilities.
        rejection: When a piece is unknown.
        dial: Thresholds for `at`; None in bundles of version 0.2 and older.
    """

    kind = "prototypes"
    labels: list[str]
    prototypes: np.ndarray
    whitening: np.ndarray
    temperature: float
    rejection: Rejection
    dial: Dial | None = None

    @property
    def threshold(self) -> float:
        """The largest distance that is accepted."""
        return self.rejection.threshold

    def at(self, strictness: str) -> FittedPrototypes:
        """The same decision at a position of the dial; see `FittedDecision.at`."""
        return replace(self, rejection=self.rejection.at(self.dial, strictness))

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
        """Embeddings (…, dimensions) in the space whose Euclidean distance is that of this decision."""
        return embeddings @ self.whitening

    def predict(self, clips: np.ndarray) -> Prediction:
        """Predict the label of a piece from the embeddings of its clips (clips, dimensions)."""
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
        """Prototypes, whitening and the dial's arrays, by name."""
        own = {"prototypes": self.prototypes, "whitening": self.whitening}
        return own if self.dial is None else {**own, **self.dial.arrays()}

    def numbers(self) -> dict[str, float]:
        """Temperature and rejection, by name."""
        return {"temperature": float(self.temperature), **_plain(self.rejection)}

    @classmethod
    def restore(
        cls, labels: list[str], arrays: Mapping[str, np.ndarray], numbers: Mapping[str, Any]
    ) -> FittedPrototypes:
        """The decision from its labels, `arrays` and `numbers`.

        Raises:
            KeyError: Where one of them is missing.
        """
        rejection = Rejection(*(float(numbers[name]) for name in _plain(Rejection())))
        temperature = float(numbers["temperature"])
        dial = Dial.restore(arrays)
        return cls(labels, arrays["prototypes"], arrays["whitening"], temperature, rejection, dial)


@dataclass(frozen=True)
class NearestPrototype:
    """The label whose prototype has the least mean distance to the clips of a piece.

    Attributes:
        needs: What the model may give.
        metric: `mahalanobis` divides by the scatter of clips about the prototype of their label, in training
            and validation pieces, so that a deviation in a direction in which known music hardly varies
            counts as a large distance. `euclidean` takes embeddings as they are.
        target_fpr: Share of calibration pieces that may be accepted; the threshold is the distance at which
            that holds or, without calibration pieces, the one that accepts 95 % of the validation pieces.
            None to leave the threshold to the dial.
        strictness: Position of the dial: `strict`, `balanced` or `eager`; None, without `target_fpr`, for no
            threshold.
        min_confidence: Smallest probability of a label that is given.
        min_share: Smallest share of clips nearest to it.
    """

    needs = ("embeddings", "scores")

    metric: str
    target_fpr: float | None = None
    min_confidence: float = 0.0
    min_share: float = 0.0
    strictness: str | None = None

    def __post_init__(self) -> None:
        """Check the settings. Raises ValueError where they cannot work."""
        if self.metric not in ("mahalanobis", "euclidean"):
            raise ValueError(f"metric={self.metric} is none of mahalanobis, euclidean")
        check_rejection(self.target_fpr, self.min_confidence, self.min_share)
        check_strictness(self.strictness)

    def fit(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
        calibration: Sequence[np.ndarray],
    ) -> FittedPrototypes:
        """Fit prototypes, metric, temperature and threshold.

        Args:
            labels: The known labels.
            train: Embeddings of the training pieces: prototypes and metric.
            validation: Embeddings of the validation pieces: metric, temperature and, without calibration
                pieces, the threshold.
            calibration: Embeddings (clips, dimensions) of each calibration piece, whose label is none of the
                known ones: the threshold.

        Returns:
            The fitted decision.

        Raises:
            EarmarkError: For a label without a training piece.
        """
        fitted = self._measured(labels, train, validation)
        known = self.held_out(labels, train, validation)
        strangers = np.array([fitted.distances(piece).min() for piece in calibration])
        truth = label_numbers(validation.labels, labels)
        dial = fit_dial(known.min(axis=1), known.argmin(axis=1) == truth, strangers)
        threshold = threshold_of(known.min(axis=1), strangers, self.target_fpr)
        fitted = replace(
            fitted,
            temperature=distance_temperature(known, truth),
            rejection=replace(fitted.rejection, threshold=threshold),
            dial=dial,
        )
        if self.strictness is not None and self.target_fpr is None:
            fitted = fitted.at(self.strictness)
        return fitted

    def held_out(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
    ) -> np.ndarray:
        """Distances of the validation pieces, each by a metric that was fitted without its work.

        By a metric that was fitted on them, or on other movements of their work, pieces lie nearer to the
        prototypes than new ones do. The works, in the order of their names, take turns at the FOLDS folds.

        Returns:
            (pieces, labels).

        Raises:
            EarmarkError: For a label without a training piece.
        """
        _, work_numbers = np.unique(np.asarray(validation.works, dtype=str), return_inverse=True)
        folds = work_numbers % FOLDS
        distances = np.zeros((len(validation), len(labels)))
        for fold in np.unique(folds):
            fitted = self._measured(labels, train, rows_of(validation, np.flatnonzero(folds != fold)))
            for row in map(int, np.flatnonzero(folds == fold)):
                distances[row] = fitted.distances(validation.clips[row])
        return distances

    def _measured(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
    ) -> FittedPrototypes:
        """Prototypes and metric, with a temperature of 1 and no threshold."""
        check_training_labels(labels, train.labels)
        means = np.stack([piece.mean(axis=0) for piece in train.clips])
        names = np.asarray(train.labels)
        prototypes = np.stack([means[names == label].mean(axis=0) for label in labels])
        whitening = np.eye(prototypes.shape[1])
        if self.metric == "mahalanobis":
            residuals = [
                clips - prototypes[number]
                for pieces in (train, validation)
                for clips, number in zip(pieces.clips, label_numbers(pieces.labels, labels), strict=True)
            ]
            whitening = _whitening(residuals)
        rejection = Rejection(np.inf, self.min_confidence, self.min_share)
        return FittedPrototypes(list(labels), prototypes, whitening, 1.0, rejection)


def check_training_labels(labels: Sequence[str], train_labels: Sequence[str]) -> None:
    """Check that every label has a training piece, from which its prototype is made.

    Args:
        labels: The known labels.
        train_labels: Label of each training piece.

    Raises:
        EarmarkError: For a label without one.
    """
    if missing := sorted(set(labels) - set(train_labels)):
        raise EarmarkError(
            f"no piece to train on is called {missing[0]}, so nothing can be near to it: leave it out of "
            "data.labels, or choose decision=vote"
        )


def distance_temperature(distances: np.ndarray, truth: np.ndarray) -> float:
    """Fit the temperature of softmax(-distances / temperature).

    Args:
        distances: Held-out distances of the validation pieces (pieces, labels); the unit of the grid is
            their mean.
        truth: Numbers of their labels (pieces,).
    """
    unit = max(float(distances.mean()), 1e-12)
    return fit_temperature(lambda value: softmax(-distances / value), truth, unit)


def _plain(rejection: Rejection) -> dict[str, float]:
    """The numbers of a rejection by name."""
    return {name: float(value) for name, value in vars(rejection).items()}


def _whitening(residuals: Sequence[np.ndarray]) -> np.ndarray:
    """The matrix by which residuals (clips, dimensions) get about unit covariance (Ledoit and Wolf 2004)."""
    from sklearn.covariance import LedoitWolf

    estimate = LedoitWolf(assume_centered=True).fit(np.concatenate(residuals))
    return np.linalg.cholesky(np.asarray(estimate.precision_))
