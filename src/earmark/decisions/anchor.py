"""The nearest anchor, and a fixed distance beyond which it is "Other": music_identifier's decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from earmark.decisions.labelled import label_numbers
from earmark.decisions.prototype import FittedPrototypes, check_heard, distance_temperature
from earmark.decisions.rejection import Rejection
from earmark.foundation.contracts import LabelledClips


@dataclass(frozen=True)
class NearestAnchor:
    """Euclidean distance to the embedding of one fixed training piece a label, the sampler's anchor.

    max_distance: a piece farther than this from every anchor is unknown.
    """

    needs = ("embeddings",)

    max_distance: float

    def __post_init__(self) -> None:
        if not self.max_distance > 0:
            raise ValueError(f"max_distance={self.max_distance:g} must be above 0")

    def fit(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
        calibration: Sequence[np.ndarray],
    ) -> FittedPrototypes:
        """Anchors from training pieces, temperature from validation pieces; nothing else is fitted."""
        known = self.held_out(labels, train, validation)
        temperature = distance_temperature(known, label_numbers(validation.labels, labels))
        return replace(self._anchored(labels, train), temperature=temperature)

    def held_out(
        self,
        labels: Sequence[str],
        train: LabelledClips,
        validation: LabelledClips,
    ) -> np.ndarray:
        """Distances of the validation pieces (pieces, labels): no part of these is fitted on them."""
        fitted = self._anchored(labels, train)
        return np.stack([fitted.distances(piece) for piece in validation.clips])

    def _anchored(self, labels: Sequence[str], train: LabelledClips) -> FittedPrototypes:
        check_heard(labels, train.labels)
        anchors = anchors_of(train.labels)
        prototypes = np.stack([train.clips[anchors[label]].mean(axis=0) for label in labels])
        whitening = np.eye(prototypes.shape[1])
        rejection = Rejection(threshold=self.max_distance)
        return FittedPrototypes(list(labels), prototypes, whitening, 1.0, rejection)


def anchors_of(labels: Sequence[str]) -> dict[str, int]:
    """The anchor of each label: the index of its first piece."""
    found: dict[str, int] = {}
    for index, label in enumerate(labels):
        found.setdefault(label, index)
    return dict(sorted(found.items()))
