"""Key estimation as MIREX scores it since 2017: near misses count in part.

| relation of the estimate to the true key | score |
|---|---|
| the same | 1.0 |
| a fifth above or below, same mode | 0.5 |
| relative major or minor | 0.3 |
| parallel major or minor | 0.2 |
| any other | 0.0 |

Relations are mir_eval's. Its release 0.8 counts an ascending fifth alone, as MIREX did until 2016, and
later ones count the descending fifth on demand: here both count, with either release.

References:
    C. Raffel et al., "mir_eval: A transparent implementation of common MIR metrics", ISMIR 2014.
    MIREX 2017, Audio Key Detection, evaluation procedures.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earmark.decisions.keys import KEYS
from earmark.evaluation.closed_set import confusion
from earmark.foundation.contracts import Evaluation, Metrics
from earmark.foundation.errors import EarmarkError

# Majors by fifths from C, each followed by its relative minor, whose tonic lies three semitones below.
FIFTHS = [KEYS[key] for step in range(12) for key in (7 * step % 12, 12 + (7 * step + 9) % 12)]
FIFTH = 0.5
RELATIONS = {1.0: "exact", 0.5: "fifth", 0.3: "relative", 0.2: "parallel", 0.0: "other"}


def weighted_scores(truth: Iterable[str], estimates: Iterable[str]) -> np.ndarray:
    """Score estimated keys.

    Args:
        truth: The true keys, for example `Db major`.
        estimates: The keys predicted, in the same order.

    Returns:
        The score of each estimate: (pieces,).

    Raises:
        EarmarkError: For a label that is no key.
    """
    try:
        return np.array([_score(key, estimate) for key, estimate in zip(truth, estimates, strict=True)])
    except ValueError as error:
        raise EarmarkError(f"evaluate=key is for labels like `Db major`: {error}") from error


def _score(key: str, estimate: str) -> float:
    from mir_eval.key import weighted_score

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", FutureWarning
        )  # later releases announce that fifths will count both ways
        score = weighted_score(key, estimate)
        # Seen from the estimate, a key a fifth below it lies a fifth above.
        return FIFTH if not score and weighted_score(estimate, key) == FIFTH else float(score)


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
        """The test's confusion matrix by the circle of fifths: fifths and relatives lie near the diagonal.

        Keys of other spellings than those of the package come last.
        """
        from earmark.evaluation.plots import confusion_picture

        test = evaluation.known("test")
        order = [key for key in FIFTHS if key in evaluation.labels]
        order += [label for label in evaluation.labels if label not in FIFTHS]
        matrix = confusion(test.label, test.nearest_label, order)
        confusion_picture(matrix, order, "test pieces, circle of fifths", folder / "confusion_fifths.png")
