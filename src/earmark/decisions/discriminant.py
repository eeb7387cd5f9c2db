"""A linear discriminant over embeddings, with strangers as a class of their own and a measure of oddness.

A multinomial logistic regression tells the known labels from each other and, where there are calibration
pieces, from these. How unusual a piece is for its label is measured by three things, each on the scale of
validation pieces that the fit has not seen: the log odds of the label against the strangers, its log
probability among the labels, and the Mahalanobis distance from the nearest label's centre in the space of
the principal components. How much each of them counts is learned from the calibration pieces.

References:
    K. Lee et al., A simple unified framework for detecting out-of-distribution samples and adversarial
        attacks, NeurIPS, 2018: the Mahalanobis distance with one covariance of all labels.
    A. Dhamija et al., Reducing network agnostophobia, NeurIPS, 2018: training with known strangers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from earmark.decisions.calibration import fit_temperature, softmax
from earmark.decisions.dial import Dial, check_strictness, fit_dial
from earmark.decisions.evidence import Discriminant, fit_discriminant
from earmark.decisions.evidence_weights import fit_weights
from earmark.decisions.labelled import joined, label_numbers, rows_of
from earmark.decisions.prototype import check_training_labels
from earmark.decisions.rejection import UNKNOWN, Rejection, check_rejection
from earmark.foundation.contracts import LabelledClips, Prediction

FOLDS = 5  # of works: evidence for a fold is by a discriminant fitted on the others
TEMPERATURE_UNIT = 10.0  # of the grid, which so reaches from 0.05 to 50: scores are logits
USUAL = 5.0  # distance of the average validation piece from its label, in standard deviations of the evidence
PRIOR_PIECES = 5  # so many pieces of a label outweigh the mean of all labels, in its own offset


@dataclass(frozen=True)
class FittedDiscriminant:
    """The fitted decision, as a bundle keeps it.

    Attributes:
        kind: Name in bundle.yaml.
        labels: The known labels.
        discriminant: Logistic regression and centres.
        evidence_mean: Mean of the evidence of validation pieces (3,).
        evidence_scale: Its standard deviation (3,).
        evidence_weights: How much each kind counts (3,), 1 in all.
        offsets: By how much pieces of each label lie farther than others (labels,): a threshold each.
        temperature: Divides the mean log probabilities before the softmax.
        rejection: When a piece is unknown.
        dial: Thresholds for `at`.
    """

    kind = "discriminant"
    labels: list[str]
    discriminant: Discriminant
    evidence_mean: np.ndarray
    evidence_scale: np.ndarray
    evidence_weights: np.ndarray
    offsets: np.ndarray
    temperature: float
    rejection: Rejection
    dial: Dial | None = None

    @property
    def threshold(self) -> float:
        """The largest distance that is accepted."""
        return self.rejection.threshold

    def at(self, strictness: str) -> FittedDiscriminant:
        """The same decision at a position of the dial; see `FittedDecision.at`."""
        return replace(self, rejection=self.rejection.at(self.dial, strictness))

    def whitened(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings (…, dimensions) in the space of the Mahalanobis distance (…, components)."""
        return self.discriminant.whitened(embeddings)

    def clip_probabilities(self, clips: np.ndarray) -> np.ndarray:
        """Probability of each label for each clip (clips, dimensions): (clips, labels)."""
        return softmax(self.discriminant.log_probabilities(clips)[:, : len(self.labels)] / self.temperature)

    def distances(self, clips: np.ndarray) -> np.ndarray:
        """How unusual a piece would be for each label (labels,), 0 or more; USUAL is the average.

        Args:
            clips: Embeddings of its clips (clips, dimensions).
        """
        evidence = self.discriminant.evidence(clips)
        unusual = -((evidence - self.evidence_mean) / self.evidence_scale) @ self.evidence_weights
        return np.maximum(USUAL + unusual - self.offsets, 0.0)

    def probabilities(self, clips: np.ndarray) -> np.ndarray:
        """Probability of each label for a piece, if it has one of them: (labels,)."""
        return softmax(self.discriminant.piece_scores(clips) / self.temperature)

    def predict(self, clips: np.ndarray) -> Prediction:
        """Predict the label of a piece from the embeddings of its clips (clips, dimensions)."""
        distances, probabilities = self.distances(clips), self.probabilities(clips)
        nearest = int(probabilities.argmax())
        by_clip = self.clip_probabilities(clips).argmax(axis=1)
        share = float((by_clip == nearest).mean())
        confidence, distance = float(probabilities[nearest]), float(distances[nearest])
        accepted = self.rejection.accepts(distance, confidence, share)
        name = self.labels[nearest]
        label = name if accepted else UNKNOWN
        return Prediction(label, name, confidence, share, distance, distances, probabilities)

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that the decision consists of, by name."""
        return {
            **self.discriminant.arrays(),
            "evidence_mean": self.evidence_mean,
            "evidence_scale": self.evidence_scale,
            "evidence_weights": self.evidence_weights,
            "offsets": self.offsets,
            **({} if self.dial is None else self.dial.arrays()),
        }

    def numbers(self) -> dict[str, float]:
        """Temperature and rejection, by name."""
        rejection = {name: float(value) for name, value in vars(self.rejection).items()}
        return {"temperature": float(self.temperature), **rejection}

    @classmethod
    def restore(
        cls, labels: list[str], arrays: Mapping[str, np.ndarray], numbers: Mapping[str, Any]
    ) -> FittedDiscriminant:
        """The decision from its labels, `arrays` and `numbers`.

        Raises:
            KeyError: Where one of them is missing.
        """
        return cls(
            labels,
            discriminant=Discriminant(**{name: arrays[name] for name in Discriminant.ARRAYS}),
            evidence_mean=arrays["evidence_mean"],
            evidence_scale=arrays["evidence_scale"],
            # Bundles of version 0.2 have none: all counted alike.
            evidence_weights=arrays.get("evidence_weights", np.full(3, 1 / 3)),
            offsets=arrays["offsets"],
            temperature=float(numbers["temperature"]),
            rejection=Rejection(*(float(numbers[name]) for name in vars(Rejection()))),
            dial=Dial.restore(arrays),
        )


@dataclass(frozen=True)
class LinearDiscriminant:
    """The likeliest label by a logistic regression over embeddings; unknown where the piece is unusual.

    It is fitted to the training and the validation pieces. What is said of validation pieces, and the
    thresholds, come from fits without the work of each.

    Attributes:
        needs: What the model may give.
        penalty_c: Inverse strength of the quadratic penalty on the weights, for weights of the pieces that
            sum to their number.
        components: Principal components in which the Mahalanobis distance is taken.
        strictness: Position of the dial: `strict`, `balanced` or `eager`.
        min_confidence: Smallest probability of a label that is given.
        min_share: Smallest share of clips whose likeliest label it is.
        rendering_weight: Weight of a further rendering in the regression, beside 1 of a piece.
    """

    needs = ("embeddings",)

    penalty_c: float
    components: int
    strictness: str
    min_confidence: float = 0.0
    min_share: float = 0.0
    rendering_weight: float = 1.0

    def __post_init__(self) -> None:
        """Check the settings. Raises ValueError where they cannot work."""
        if self.penalty_c <= 0 or self.components < 1:
            raise ValueError(
                f"penalty_c={self.penalty_c:g} must be above 0 and components={self.components} 1 or more"
            )
        if not 0 < self.rendering_weight <= 1:
            raise ValueError(f"rendering_weight={self.rendering_weight:g} must lie above 0 and be at most 1")
        check_strictness(self.strictness)
        check_rejection(None, self.min_confidence, self.min_share)

    def fit(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
        calibration: Sequence[np.ndarray],
    ) -> FittedDiscriminant:
        """Fit regression, centres, scale of the evidence, temperature and thresholds.

        Args:
            labels: The known labels.
            train: Embeddings of the training pieces.
            validation: Embeddings of the validation pieces.
            calibration: Embeddings (clips, dimensions) of each calibration piece, whose label is none of the
                known ones: the regression's class of strangers.

        Returns:
            The fitted decision.

        Raises:
            EarmarkError: For a label without a training piece.
        """
        check_training_labels(labels, train.labels)
        crossed = self._crossed(labels, train, validation, calibration)
        truth = label_numbers(validation.labels, labels)
        own = _for_label(crossed.evidence, truth)
        mean, scale = own.mean(axis=0), own.std(axis=0) + 1e-9
        nearest, stranger_nearest = crossed.scores.argmax(axis=1), crossed.stranger_scores.argmax(axis=1)
        known = (_for_label(crossed.evidence, nearest) - mean) / scale
        strangers = (_for_label(crossed.stranger_evidence, stranger_nearest) - mean) / scale
        weights = fit_weights(known, strangers)
        counts = np.bincount(truth, minlength=len(labels))
        unusual = -((own - mean) / scale) @ weights
        offsets = np.bincount(truth, unusual, len(labels)) / (counts + PRIOR_PIECES)
        dial = fit_dial(
            np.maximum(USUAL - known @ weights - offsets[nearest], 0.0),
            nearest == truth,
            np.maximum(USUAL - strangers @ weights - offsets[stranger_nearest], 0.0),
        )
        temperature = fit_temperature(lambda value: softmax(crossed.scores / value), truth, TEMPERATURE_UNIT)
        discriminant = self._fitted(labels, joined(train, validation), calibration)
        rejection = Rejection(np.inf, self.min_confidence, self.min_share)
        fitted = FittedDiscriminant(
            list(labels), discriminant, mean, scale, weights, offsets, temperature, rejection, dial
        )
        return fitted.at(self.strictness)

    def held_out(self, labels: Sequence[str], train: LabelledClips, validation: LabelledClips) -> np.ndarray:
        """Distances of validation pieces (pieces, labels), by fits without the work of each.

        Calibration pieces are not used: the odds against strangers are left out of these distances.

        Raises:
            EarmarkError: For a label without a training piece.
        """
        check_training_labels(labels, train.labels)
        evidence = self._crossed(labels, train, validation, []).evidence
        truth = label_numbers(validation.labels, labels)
        own = _for_label(evidence, truth)
        unusual = -((evidence - own.mean(axis=0)) / (own.std(axis=0) + 1e-9)).mean(axis=2)
        return np.maximum(USUAL + unusual, 0.0)

    def _crossed(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
        calibration: Sequence[np.ndarray],
    ) -> _Crossed:
        """What fits say of pieces that they have not seen.

        The validation works, in the order of their names, take turns at the FOLDS folds; calibration pieces
        are divided in their order, in which a catalog has those of one label side by side.
        """
        _, numbers = np.unique(np.asarray(validation.works, dtype=str), return_inverse=True)
        folds = numbers % FOLDS
        stranger_folds = np.arange(len(calibration)) * FOLDS // max(len(calibration), 1)
        crossed = _Crossed.empty(len(validation), len(calibration), len(labels))
        for fold in np.unique([*folds, *stranger_folds]):
            seen = joined(train, rows_of(validation, np.flatnonzero(folds != fold)))
            strangers = [calibration[row] for row in map(int, np.flatnonzero(stranger_folds != fold))]
            fitted = self._fitted(labels, seen, strangers)
            for row in map(int, np.flatnonzero(folds == fold)):
                crossed.evidence[row] = fitted.evidence(validation.clips[row])
                crossed.scores[row] = fitted.piece_scores(validation.clips[row])
            for row in map(int, np.flatnonzero(stranger_folds == fold)):
                crossed.stranger_evidence[row] = fitted.evidence(calibration[row])
                crossed.stranger_scores[row] = fitted.piece_scores(calibration[row])
        return crossed

    def _fitted(
        self, labels: Sequence[str], pieces: LabelledClips, strangers: Sequence[np.ndarray]
    ) -> Discriminant:
        return fit_discriminant(
            labels, pieces, strangers, self.penalty_c, self.components, self.rendering_weight
        )


@dataclass(frozen=True)
class _Crossed:
    """Evidence (pieces, labels, 3) and scores (pieces, labels) of validation and of calibration pieces."""

    evidence: np.ndarray
    scores: np.ndarray
    stranger_evidence: np.ndarray
    stranger_scores: np.ndarray

    @classmethod
    def empty(cls, known: int, strangers: int, labels: int) -> _Crossed:
        return cls(*(np.zeros((count, labels, *rest)) for count in (known, strangers) for rest in ((3,), ())))


def _for_label(evidence: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Of evidence (pieces, labels, 3) that for one label of each piece, by number (pieces,): (pieces, 3)."""
    return evidence[np.arange(len(label)), label]
