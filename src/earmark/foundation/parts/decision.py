"""What a decision must have: how the clips of a piece become one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np


@dataclass(frozen=True)
class LabelledClips:
    """What a model gives for the clips of pieces, with what each piece is called.

    Attributes:
        clips: For each piece (clips, dimensions) of embeddings or (clips, labels) of scores.
        labels: The label of each piece.
        works: The work that each piece belongs to; movements of one work stay together wherever pieces are
            held out.
    """

    clips: Sequence[np.ndarray]
    labels: Sequence[str]
    works: Sequence[str]

    def __len__(self) -> int:
        """Pieces."""
        return len(self.clips)


@dataclass(frozen=True)
class Prediction:
    """What a decision makes of the clips of one piece.

    Attributes:
        label: The same as `nearest`, or `unknown` where that is rejected.
        nearest: The most likely known label.
        confidence: Probability of `nearest` among the known labels.
        share: Share of the clips (or of their votes) that speak for `nearest`.
        distance: How far from `nearest` the piece lies.
        distances: How far it lies from every label, in the order of the labels (labels,).
        probabilities: Of every label, if the piece has one of them, in the same order (labels,).
    """

    label: str
    nearest: str
    confidence: float
    share: float
    distance: float
    distances: np.ndarray
    probabilities: np.ndarray


class FittedDecision(Protocol):
    """A decision as a bundle keeps it: a frozen dataclass in a module of `decisions/`.

    Arrays and numbers are all that is saved.
    """

    @property
    def kind(self) -> str:
        """How bundle.yaml calls this class; no other decision has the same."""
        ...

    @property
    def labels(self) -> list[str]:
        """The known labels, in the order of scores and distances."""
        ...

    @property
    def threshold(self) -> float:
        """The largest distance that is accepted; infinite where none is refused for its distance."""
        ...

    def whitened(self, embeddings: np.ndarray) -> np.ndarray:
        """Embeddings (…, dimensions) where Euclidean distance is the distance of this decision."""
        ...

    def clip_probabilities(self, clips: np.ndarray) -> np.ndarray:
        """Probability of each label for each clip (clips, dimensions): (clips, labels)."""
        ...

    def distances(self, clips: np.ndarray) -> np.ndarray:
        """How far a piece lies from each label, from its clips (clips, dimensions): (labels,)."""
        ...

    def predict(self, clips: np.ndarray) -> Prediction:
        """The answer for a piece, from its clips (clips, dimensions)."""
        ...

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that the decision consists of, by name."""
        ...

    def numbers(self) -> dict[str, float]:
        """The numbers that the decision consists of, by name."""
        ...

    @classmethod
    def restore(cls, labels: list[str], arrays: Mapping[str, np.ndarray], numbers: Mapping[str, Any]) -> Self:
        """Make the decision anew from what `arrays` and `numbers` gave.

        Raises:
            KeyError: One is missing.
            TypeError: One is not of its type.
            ValueError: They do not belong together.
        """
        ...


class Decision(Protocol):
    """How the clips of a piece become one answer: a frozen dataclass whose fields are the settings."""

    @property
    def needs(self) -> Sequence[str]:
        """What the model may give: `embeddings`, `scores`, or both."""
        ...

    def fit(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
        calibration: Sequence[np.ndarray],
    ) -> FittedDecision:
        """Fit the decision to what a trained model gives.

        Args:
            labels: The known labels, in the order of scores and distances.
            train: Pieces that the model was trained on.
            validation: Pieces that it was not trained on, of the known labels.
            calibration: Clips (clips, dimensions) of each piece of unknown labels that the threshold is
                fixed on.

        Returns:
            The fitted decision.
        """
        ...

    def held_out(self, labels: Sequence[str], train: LabelledClips, validation: LabelledClips) -> np.ndarray:
        """Distances of validation pieces by decisions that were fitted without the work of each.

        Args:
            labels: The known labels.
            train: Pieces that the model was trained on.
            validation: Pieces that it was not trained on, of the known labels.

        Returns:
            (pieces, labels), in the order of `validation` and `labels`.
        """
        ...
