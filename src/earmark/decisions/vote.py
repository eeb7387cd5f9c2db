"""A vote of a piece's clips, for models that give class scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from earmark.decisions.calibration import fit_temperature, softmax
from earmark.decisions.labelled import label_numbers
from earmark.decisions.rejection import UNKNOWN, Rejection, check_rejection, threshold_of
from earmark.foundation.contracts import LabelledClips, Prediction

WEIGHTINGS = ("majority", "confidence")


@dataclass(frozen=True)
class FittedVote:
    """The decision as a bundle keeps it. confidence_weighted: 1 where a vote counts by its confidence."""

    kind = "vote"
    labels: list[str]
    temperature: float
    confidence_weighted: bool
    min_clip_confidence: float
    rejection: Rejection

    @property
    def threshold(self) -> float:
        return self.rejection.threshold

    def whitened(self, embeddings: np.ndarray) -> np.ndarray:
        """Scores as they are: where pieces are compared, their scores are."""
        return embeddings

    def clip_probabilities(self, clips: np.ndarray) -> np.ndarray:
        """Probability of each label for each clip from its scores (clips, labels): (clips, labels)."""
        return softmax(np.asarray(clips, dtype=np.float64) / self.temperature)

    def shares(self, clips: np.ndarray) -> np.ndarray:
        """Share of the votes that each label gets: (labels,); zeros where no clip is sure enough."""
        probability = self.clip_probabilities(clips)
        best = probability.max(axis=1)
        weight = best if self.confidence_weighted else np.ones(len(best))
        weight = np.where(best >= self.min_clip_confidence, weight, 0.0)
        votes = np.bincount(probability.argmax(axis=1), weight, minlength=len(self.labels))
        return votes / votes.sum() if votes.sum() else votes

    def distances(self, clips: np.ndarray) -> np.ndarray:
        """One minus the mean probability of each label: (labels,)."""
        return 1.0 - self.clip_probabilities(clips).mean(axis=0)

    def predict(self, clips: np.ndarray) -> Prediction:
        """The verdict on a piece from its clips' scores (clips, labels)."""
        distances, shares = self.distances(clips), self.shares(clips)
        # A tie, and a piece of which no clip is sure, goes to the likeliest.
        nearest = int(np.lexsort((distances, -shares))[0])
        distance, share = float(distances[nearest]), float(shares[nearest])
        accepted = share > 0 and self.rejection.accepts(distance, 1.0 - distance, share)
        name = self.labels[nearest]
        label = name if accepted else UNKNOWN
        return Prediction(label, name, 1.0 - distance, share, distance, distances, 1.0 - distances)

    def arrays(self) -> dict[str, np.ndarray]:
        return {}

    def numbers(self) -> dict[str, float]:
        return {
            "temperature": float(self.temperature),
            "confidence_weighted": float(self.confidence_weighted),
            "min_clip_confidence": float(self.min_clip_confidence),
            **{name: float(value) for name, value in vars(self.rejection).items()},
        }

    @classmethod
    def restore(
        cls, labels: list[str], arrays: Mapping[str, np.ndarray], numbers: Mapping[str, Any]
    ) -> FittedVote:
        """From what `arrays` and `numbers` gave. Raises KeyError where something is missing."""
        return cls(
            labels,
            float(numbers["temperature"]),
            bool(numbers["confidence_weighted"]),
            float(numbers["min_clip_confidence"]),
            Rejection(*(float(numbers[name]) for name in vars(Rejection()))),
        )


@dataclass(frozen=True)
class Vote:
    """Each clip votes for its likeliest label.

    weighting: `majority` counts votes alike, `confidence` by the probability of the label.
    min_clip_confidence: a clip less sure abstains. min_share: share of the votes that a label needs.
    min_confidence: mean probability that it needs. target_fpr: share of calibration unknowns that
    may be taken for known pieces, as in NearestPrototype; null for no such threshold.
    """

    needs = ("scores",)

    weighting: str
    min_clip_confidence: float = 0.0
    min_share: float = 0.0
    min_confidence: float = 0.0
    target_fpr: float | None = None

    def __post_init__(self) -> None:
        if self.weighting not in WEIGHTINGS:
            raise ValueError(f"weighting={self.weighting} is none of {', '.join(WEIGHTINGS)}")
        if not 0 <= self.min_clip_confidence < 1:
            raise ValueError(f"min_clip_confidence={self.min_clip_confidence:g} must lie within 0 and 1")
        check_rejection(self.target_fpr, self.min_confidence, self.min_share)

    def fit(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
        calibration: Sequence[np.ndarray],
    ) -> FittedVote:
        """Temperature from validation pieces, threshold from those and calibration unknowns.

        calibration: the clips' scores (clips, labels) of each of these.
        """
        rejection = Rejection(np.inf, self.min_confidence, self.min_share)
        fitted = FittedVote(
            list(labels), 1.0, self.weighting == "confidence", self.min_clip_confidence, rejection
        )

        def probabilities(temperature: float) -> np.ndarray:
            tried = replace(fitted, temperature=temperature)
            return np.stack([tried.clip_probabilities(piece).mean(axis=0) for piece in validation.clips])

        # Scores of a network have the softmax's own unit: ten of the grid's steps up reach 50.
        fitted = replace(
            fitted,
            temperature=fit_temperature(probabilities, label_numbers(validation.labels, labels), unit=10.0),
        )
        known = np.array([fitted.predict(piece).distance for piece in validation.clips])
        strangers = np.array([fitted.predict(piece).distance for piece in calibration])
        threshold = threshold_of(known, strangers, self.target_fpr)
        return replace(fitted, rejection=replace(rejection, threshold=threshold))

    def held_out(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
    ) -> np.ndarray:
        """Distances of the validation pieces (pieces, labels), but for the temperature not fitted on them."""
        fitted = self.fit(labels, train, validation, [])
        return np.stack([fitted.distances(piece) for piece in validation.clips])
