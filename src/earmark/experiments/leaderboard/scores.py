"""A metric of a run from its verdicts: by piece where it is a mean over pieces, pooled over folds.

| metric | of one piece | weight of a piece |
|---|---|---|
| `closed_set.accuracy` | named rightly | equal |
| `closed_set.balanced_accuracy` | named rightly | equal labels, within a label equal pieces |
| `key.weighted` | MIREX's score of the key | equal |
| `key.exact` | named rightly | equal |

Other metrics (areas under curves, error rates over trials) are not means over pieces: verdicts do not
give them again, so that they are neither pooled nor tested here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from earmark.evaluation.headline import BALANCED_ACCURACY
from earmark.evaluation.headline import headline as evaluation_headline
from earmark.evaluation.intervals import with_intervals
from earmark.music.catalog import KNOWN

HEADLINE = BALANCED_ACCURACY.name
LOWER_IS_BETTER = frozenset(
    {"eer", "false_accepts", "false_rejects", "fpr_at_95_tpr", "risk", "aurc", "ece", "brier"}
)
BY_PIECE = (HEADLINE, "closed_set.accuracy", "key.weighted", "key.exact")


@dataclass(frozen=True)
class Score:
    """A metric's value with its 95 % interval; None where it is not known."""

    value: float | None
    low: float | None = None
    high: float | None = None


def lower_is_better(metric: str) -> bool:
    return metric.rpartition(".")[2] in LOWER_IS_BETTER


def headline(measured: Iterable[str]) -> str:
    """The metric by which an experiment is judged, from the names of what its runs logged."""
    return evaluation_headline(dict.fromkeys(name.partition(".")[0] for name in measured)).name


def logged(metrics: Mapping[str, float], metric: str) -> Score:
    """The metric as a run logged it: with its interval, or a bare number."""
    if f"{metric}.value" in metrics:
        return Score(*(metrics.get(f"{metric}.{part}") for part in ("value", "low", "high")))
    return Score(metrics.get(metric))


def judged_pieces(verdicts: pd.DataFrame, metric: str) -> pd.DataFrame | None:
    """Columns piece_id, label, group, right (score of the piece, 0 to 1): the known test pieces by piece_id.

    None where the metric is no mean over pieces, or the verdicts are of before works stood in them.
    """
    if metric not in BY_PIECE or "group" not in verdicts.columns:
        return None
    test = verdicts[(verdicts.role == KNOWN) & (verdicts.split == "test")]
    test = test.sort_values("piece_id", ignore_index=True)
    if metric == "key.weighted":
        from earmark.evaluation.key_scores import weighted_scores

        right = weighted_scores(test.label, test.nearest_label)
    else:
        right = (test.label == test.nearest_label).astype(float)
    return test[["piece_id", "label", "group"]].assign(right=np.asarray(right, float))


def weights(pieces: pd.DataFrame, metric: str) -> np.ndarray:
    """By how much a piece counts in the metric: (pieces,), sum 1."""
    if metric != HEADLINE:
        return np.full(len(pieces), 1 / max(len(pieces), 1))
    count = pieces.groupby("label").label.transform("size").to_numpy(float)
    return 1 / (count * pieces.label.nunique())


def score_of(pieces: pd.DataFrame, metric: str, resamples: int = 1000, seed: int = 0) -> Score:
    """The metric over the rows of `judged_pieces`, of one fold or of several, by bootstrap over works."""
    right, label = pieces.right.to_numpy(float), pd.factorize(pieces.label)[0]

    def measure(drawn: np.ndarray) -> dict[str, float]:
        if metric != HEADLINE:
            return {"score": float(drawn @ right / drawn.sum()) if drawn.sum() else float("nan")}
        count, hits = np.bincount(label, drawn), np.bincount(label, drawn * right)
        present = count > 0
        return {"score": float((hits[present] / count[present]).mean()) if present.any() else float("nan")}

    found = with_intervals(measure, list(pieces.group), resamples, seed)["score"]
    return Score(found["value"], found["low"], found["high"])
