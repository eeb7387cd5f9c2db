"""A vote of a piece's clips, for models that give class scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from earmark.decisions.calibration import fit_temperature, softmax
from earmark.decisions.dial import Dial, check_strictness, fit_dial
from earmark.decisions.labelled import label_numbers
from earmark.decisions.rejection import UNKNOWN, Rejection, check_rejection, threshold_of
from earmark.foundation.contracts import LabelledClips, Prediction

WEIGHTINGS = ("majority", "confidence")
SCORE_UNIT = 10.0  # of the temperature grid, which so reaches from 0.05 to 50: scores of networks are logits


@dataclass(frozen=True)
class FittedVote:
    """The fitted decision, as a bundle keeps it.

    Attributes:
        kind: Name in bundle.yaml.
        labels: The known labels.
        temperature: Divides scores before the softmax.
        confidence_weighted: Whether a vote counts by its confidence.
        min_clip_confidence: Smallest probability of its likeliest label with which a clip votes.
        rejection: When a piece is unknown.
        dial: Thresholds for `at`; None in bundles of version 0.2 and older.
    """

    kind = "vote"
    labels: list[str]
    temperature: float
    confidence_weighted: bool
    min_clip_confidence: float
    rejection: Rejection
    dial: Dial | None = None

    @property
    def threshold(self) -> float:
        """The largest distance that is accepted."""
        return self.rejection.threshold

    def at(self, strictness: str) -> FittedVote:
        """The same decision at a position of the dial; see `FittedDecision.at`."""
        return replace(self, rejection=self.rejection.at(self.dial, strictness))

    def whitened(self, embeddings: np.ndarray) -> np.ndarray:
        """Scores (…, labels) as they are: pieces are compared by them."""
        return embeddings

    def clip_probabilities(self, clips: np.ndarray) -> np.ndarray:
        """Probability of each label for each clip, from its scores (clips, labels): (clips, labels)."""
        return softmax(np.asarray(clips, dtype=np.float64) / self.temperature)

    def shares(self, clips: np.ndarray) -> np.ndarray:
        """Share of the votes for each label, from the clips' scores (clips, labels).

        Returns:
            (labels,) of sum 1; zeros where no clip reaches `min_clip_confidence`.
        """
        probability = self.clip_probabilities(clips)
        best = probability.max(axis=1)
        weight = best if self.confidence_weighted else np.ones(len(best))
        weight = np.where(best >= self.min_clip_confidence, weight, 0.0)
        votes = np.bincount(probability.argmax(axis=1), weight, minlength=len(self.labels))
        return votes / votes.sum() if votes.sum() else votes

    def distances(self, clips: np.ndarray) -> np.ndarray:
        """One minus the mean probability of each label, from the clips' scores (clips, labels): (labels,)."""
        return 1.0 - self.clip_probabilities(clips).mean(axis=0)

    def predict(self, clips: np.ndarray) -> Prediction:
        """Predict the label of a piece from the scores of its clips (clips, labels).

        Of labels with equal votes, or where no clip votes, the likeliest is the nearest.
        """
        distances, shares = self.distances(clips), self.shares(clips)
        nearest = int(np.lexsort((distances, -shares))[0])
        distance, share = float(distances[nearest]), float(shares[nearest])
        accepted = share > 0 and self.rejection.accepts(distance, 1.0 - distance, share)
        name = self.labels[nearest]
        label = name if accepted else UNKNOWN
        return Prediction(label, name, 1.0 - distance, share, distance, distances, 1.0 - distances)

    def arrays(self) -> dict[str, np.ndarray]:
        """The dial's arrays, by name."""
        return {} if self.dial is None else self.dial.arrays()

    def numbers(self) -> dict[str, float]:
        """Temperature, settings of the vote and rejection, by name."""
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
        """The decision from its labels, `arrays` and `numbers`.

        Raises:
            KeyError: Where one of them is missing.
        """
        return cls(
            labels,
            float(numbers["temperature"]),
            bool(numbers["confidence_weighted"]),
            float(numbers["min_clip_confidence"]),
            Rejection(*(float(numbers[name]) for name in vars(Rejection()))),
            Dial.restore(arrays),
        )


@dataclass(frozen=True)
class Vote:
    """The label that most clips of a piece vote for; each votes for its likeliest label.

    Attributes:
        needs: What the model must give.
        weighting: `majority` counts votes alike, `confidence` by the probability of the label.
        min_clip_confidence: Smallest probability with which a clip votes.
        min_share: Smallest share of the votes of a label that is given.
        min_confidence: Smallest mean probability of it.
        target_fpr: Share of calibration pieces that may be accepted, as in NearestPrototype.
        strictness: Position of the dial where there is no `target_fpr`; None for no threshold.
    """

    needs = ("scores",)

    weighting: str
    min_clip_confidence: float = 0.0
    min_share: float = 0.0
    min_confidence: float = 0.0
    target_fpr: float | None = None
    strictness: str | None = None

    def __post_init__(self) -> None:
        """Check the settings. Raises ValueError where they cannot work."""
        if self.weighting not in WEIGHTINGS:
            raise ValueError(f"weighting={self.weighting} is none of {', '.join(WEIGHTINGS)}")
        if not 0 <= self.min_clip_confidence < 1:
            raise ValueError(f"min_clip_confidence={self.min_clip_confidence:g} must lie within 0 and 1")
        check_rejection(self.target_fpr, self.min_confidence, self.min_share)
        check_strictness(self.strictness)

    def fit(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
        calibration: Sequence[np.ndarray],
    ) -> FittedVote:
        """Fit temperature and threshold.

        Args:
            labels: The known labels.
            train: Not used.
            validation: Scores of the validation pieces: temperature and, without calibration pieces, the
                threshold.
            calibration: Scores (clips, labels) of each calibration piece, whose label is none of the known
                ones: the threshold.

        Returns:
            The fitted decision.
        """
        rejection = Rejection(np.inf, self.min_confidence, self.min_share)
        fitted = FittedVote(
            list(labels), 1.0, self.weighting == "confidence", self.min_clip_confidence, rejection
        )

        def probabilities(temperature: float) -> np.ndarray:
            scaled = replace(fitted, temperature=temperature)
            return np.stack([scaled.clip_probabilities(piece).mean(axis=0) for piece in validation.clips])

        fitted = replace(
            fitted,
            temperature=fit_temperature(probabilities, label_numbers(validation.labels, labels), SCORE_UNIT),
        )
        answers = [fitted.predict(piece) for piece in validation.clips]
        known = np.array([answer.distance for answer in answers])
        strangers = np.array([fitted.predict(piece).distance for piece in calibration])
        right = np.array([answer.nearest for answer in answers]) == np.asarray(validation.labels)
        threshold = threshold_of(known, strangers, self.target_fpr)
        fitted = replace(
            fitted,
            rejection=replace(rejection, threshold=threshold),
            dial=fit_dial(known, right, strangers),
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
        """Distances of the validation pieces (pieces, labels); the temperature alone is fitted on them."""
        fitted = self.fit(labels, train, validation, [])
        return np.stack([fitted.distances(piece) for piece in validation.clips])
