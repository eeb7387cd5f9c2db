"""Key estimation as MIREX scores it: near misses count in part.

A fifth above 0.5, relative major or minor 0.3, parallel 0.2 (mir_eval.key; Raffel et al. 2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earmark.decisions.keys import KEYS
from earmark.evaluation.closed_set import confusion
from earmark.foundation.contracts import Evaluation, Metrics
from earmark.foundation.errors import EarmarkError

# Majors by fifths from C, each with its relative minor three semitones below at the same place.
FIFTHS = [KEYS[7 * step % 12] for step in range(12)] + [KEYS[12 + (7 * step + 9) % 12] for step in range(12)]
RELATIONS = {1.0: "exact", 0.5: "fifth", 0.3: "relative", 0.2: "parallel", 0.0: "other"}


def weighted_scores(truth: Sequence[str], said: Sequence[str]) -> np.ndarray:
    """The score of each estimate: (pieces,). Raises EarmarkError for a label that is no key."""
    from mir_eval.key import weighted_score

    try:
        return np.array([weighted_score(key, estimate) for key, estimate in zip(truth, said, strict=True)])
    except ValueError as error:
        raise EarmarkError(f"evaluate=key is for labels like `Db major`: {error}") from error


@dataclass(frozen=True)
class KeyScores:
    """Shares of exact, fifth, relative, parallel and other estimates, and the weighted score."""

    def measure(self, evaluation: Evaluation) -> Metrics:
        """Of the known test pieces. Raises EarmarkError for a label that is no key."""
        test = evaluation.known("test")
        scores = weighted_scores(test.label, test.nearest_label)

        def measure(weights: np.ndarray) -> dict[str, float]:
            total = weights.sum()
            if not total:
                return dict.fromkeys(("weighted", *RELATIONS.values()), float("nan"))
            shares = {
                name: float(weights[np.isclose(scores, score)].sum() / total)
                for score, name in RELATIONS.items()
            }
            return {"weighted": float((weights * scores).sum() / total), **shares}

        return evaluation.with_intervals(measure, test)

    def draw(self, evaluation: Evaluation, folder: Path) -> None:
        """The test's confusion matrix in the order of the circle of fifths: near misses near the diagonal."""
        from earmark.evaluation.plots import confusion_picture

        test = evaluation.known("test")
        order = [key for key in FIFTHS if key in evaluation.labels]
        matrix = confusion(test.label, test.nearest_label, order)
        confusion_picture(matrix, order, "test pieces, circle of fifths", folder / "confusion_fifths.png")
