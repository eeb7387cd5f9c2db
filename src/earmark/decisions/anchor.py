"""The nearest anchor, and *unknown* beyond a fixed distance: the decision of music_identifier (2024)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from earmark.decisions.dial import fit_dial
from earmark.decisions.labelled import label_numbers
from earmark.decisions.prototype import FittedPrototypes, check_training_labels, distance_temperature
from earmark.decisions.rejection import Rejection
from earmark.foundation.contracts import LabelledClips


@dataclass(frozen=True)
class NearestAnchor:
    """Euclidean distance to the embedding of one fixed training piece of each label, the sampler's anchor.

    Attributes:
        needs: What the model must give.
        max_distance: A piece farther than this from every anchor is unknown.
    """

    needs = ("embeddings",)

    max_distance: float

    def __post_init__(self) -> None:
        """Check the settings. Raises ValueError where they cannot work."""
        if not self.max_distance > 0:
            raise ValueError(f"max_distance={self.max_distance:g} must be above 0")

    def fit(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
        calibration: Sequence[np.ndarray],
    ) -> FittedPrototypes:
        """Take the anchors from training pieces and fit the temperature on validation pieces.

        Args:
            labels: The known labels.
            train: Embeddings of the training pieces.
            validation: Embeddings of the validation pieces.
            calibration: Embeddings of calibration pieces, for the dial; the threshold is a setting.

        Returns:
            The fitted decision.

        Raises:
            EarmarkError: For a label without a training piece.
        """
        distances = self.held_out(labels, train, validation)
        truth = label_numbers(validation.labels, labels)
        fitted = self._anchored(labels, train)
        strangers = np.array([fitted.distances(piece).min() for piece in calibration])
        dial = fit_dial(distances.min(axis=1), distances.argmin(axis=1) == truth, strangers)
        return replace(fitted, temperature=distance_temperature(distances, truth), dial=dial)

    def held_out(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
    ) -> np.ndarray:
        """Distances of the validation pieces (pieces, labels), on which no part of them is fitted.

        Raises:
            EarmarkError: For a label without a training piece.
        """
        fitted = self._anchored(labels, train)
        return np.stack([fitted.distances(piece) for piece in validation.clips])

    def _anchored(self, labels: Sequence[str], train: LabelledClips) -> FittedPrototypes:
        """Anchors and threshold, with a temperature of 1."""
        check_training_labels(labels, train.labels)
        anchors = anchors_of(train.labels)
        prototypes = np.stack([train.clips[anchors[label]].mean(axis=0) for label in labels])
        whitening = np.eye(prototypes.shape[1])
        rejection = Rejection(threshold=self.max_distance)
        return FittedPrototypes(list(labels), prototypes, whitening, 1.0, rejection)


def anchors_of(labels: Sequence[str]) -> dict[str, int]:
    """The anchor of each label, in the order of their names: the index of its first piece.

    Args:
        labels: Label of each piece.
    """
    anchors: dict[str, int] = {}
    for index, label in enumerate(labels):
        anchors.setdefault(label, index)
    return dict(sorted(anchors.items()))
