"""The metrics by which systems are compared: name, words, direction, and what verdicts give of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from earmark.music.catalog import KNOWN, TEST

Kind = Literal["mean", "balanced mean", "auroc", "eer", ""]


@dataclass(frozen=True)
class FoldResult:
    """What the evaluation of one fold wrote.

    Attributes:
        fold: Which fold was the test.
        verdicts: data/verdicts.csv.
        trials: Of a verification: piece_id, score, genuine (plots/evaluation/trials.csv); None where there
            was none.
    """

    fold: str
    verdicts: pd.DataFrame
    trials: pd.DataFrame | None = None


Observations = Callable[[FoldResult], pd.DataFrame | None]


@dataclass(frozen=True)
class Metric:
    """A metric of metrics/evaluate.json.

    Attributes:
        section: Its section there.
        metric: Its name in that section.
        words: For people.
        lower_is_better: Its direction.
        kind: How observations make it: their mean, the mean over labels of their means, or the area under the
            ROC curve or the equal error rate of their scores; "" where verdicts do not give it again, so that
            folds cannot be pooled.
        observations: Of a fold, a row each: piece_id, label, group (the work), value, and for scores whether
            it is `genuine`; None where the fold has none.
    """

    section: str
    metric: str
    words: str
    lower_is_better: bool = False
    kind: Kind = ""
    observations: Observations | None = None

    @property
    def name(self) -> str:
        """As runs log it: `closed_set.balanced_accuracy`."""
        return f"{self.section}.{self.metric}"

    def of(self, metrics: Mapping[str, Any]) -> float | None:
        """Its value in the content of metrics/evaluate.json."""
        return metrics[self.section][self.metric]["value"]


def _test_pieces(result: FoldResult) -> pd.DataFrame | None:
    """The known test pieces by piece_id; None where the verdicts are of before works stood in them."""
    verdicts = result.verdicts
    if "group" not in verdicts.columns:
        return None
    test = verdicts[(verdicts.role == KNOWN) & (verdicts.split == "test")]
    return test.sort_values("piece_id", ignore_index=True)


def _right(result: FoldResult) -> pd.DataFrame | None:
    test = _test_pieces(result)
    if test is None:
        return None
    return test[["piece_id", "label", "group"]].assign(value=(test.label == test.nearest_label).astype(float))


def _key_scores(result: FoldResult) -> pd.DataFrame | None:
    from earmark.evaluation.key_scores import weighted_scores

    test = _test_pieces(result)
    if test is None:
        return None
    scores = weighted_scores(test.label, test.nearest_label)
    return test[["piece_id", "label", "group"]].assign(value=scores)


def _strangers(result: FoldResult) -> pd.DataFrame | None:
    """Known and unknown test pieces by how near they lie to a known label."""
    known, verdicts = _test_pieces(result), result.verdicts
    if known is None:
        return None
    unknown = verdicts[verdicts.role == TEST].sort_values("piece_id", ignore_index=True)
    rows = pd.concat([known.assign(genuine=True), unknown.assign(genuine=False)], ignore_index=True)
    return rows[["piece_id", "label", "group", "genuine"]].assign(value=-rows.distance.astype(float))


def _trials(result: FoldResult) -> pd.DataFrame | None:
    if result.trials is None or result.trials.empty or "group" not in result.verdicts.columns:
        return None
    pieces = result.verdicts.set_index("piece_id")[["label", "group"]]
    trials = result.trials
    return pd.DataFrame(
        {
            "piece_id": trials.piece_id,
            "label": trials.piece_id.map(pieces.label),
            "group": trials.piece_id.map(pieces.group),
            "value": trials.score.astype(float),
            "genuine": trials.genuine.astype(int).astype(bool),
        }
    )


METRICS = (
    Metric("closed_set", "balanced_accuracy", "balanced accuracy", False, "balanced mean", _right),
    Metric("closed_set", "accuracy", "accuracy", False, "mean", _right),
    Metric("key", "weighted", "MIREX key score", False, "mean", _key_scores),
    Metric("key", "exact", "keys exactly right", False, "mean", _right),
    Metric("verification", "eer", "equal error rate", True, "eer", _trials),
    Metric("verification", "auroc", "AUROC of claims", False, "auroc", _trials),
    Metric("verification", "false_accepts", "false claims accepted", True),
    Metric("verification", "false_rejects", "true claims rejected", True),
    Metric("open_set", "auroc", "AUROC of strangers", False, "auroc", _strangers),
    Metric("open_set", "fpr_at_95_tpr", "strangers' FPR at 95 % TPR", True),
    Metric("selective", "risk", "risk", True),
    Metric("selective", "aurc", "area under the risk-coverage curve", True),
    Metric("calibration", "ece", "expected calibration error", True),
    Metric("calibration", "brier", "Brier score", True),
)
"""Every metric that has a direction of its own or that folds can be pooled by."""

BALANCED_ACCURACY, KEY_SCORE, EQUAL_ERROR_RATE = METRICS[0], METRICS[2], METRICS[4]
# What an experiment adds comes before balanced accuracy.
HEADLINES = (EQUAL_ERROR_RATE, KEY_SCORE)


def metric_named(name: str) -> Metric:
    """The metric that runs log under this name; one that is not in the table is better when higher."""
    known = {metric.name: metric for metric in METRICS}
    section, _, metric = name.rpartition(".")
    return known.get(name) or Metric(section, metric, name)


def headline(sections: Iterable[str]) -> Metric:
    """The metric by which systems of an experiment are compared, from the sections of its evaluation."""
    added = set(sections)
    return next((metric for metric in HEADLINES if metric.section in added), BALANCED_ACCURACY)


def statistic(metric: Metric, observations: pd.DataFrame) -> Callable[[np.ndarray, np.ndarray], float]:
    """The metric as a function of the observations' values (n,) and weights (n,).

    Labels and what is genuine stay as they are in `observations`. NaN where it is not defined.
    """
    if metric.kind in ("auroc", "eer"):
        return _rank_statistic(metric.kind, observations.genuine.to_numpy(bool))
    label = (
        pd.factorize(observations.label)[0] if metric.kind == "balanced mean" else np.zeros(len(observations))
    )
    label = label.astype(np.int64)

    def mean(values: np.ndarray, weights: np.ndarray) -> float:
        count, total = np.bincount(label, weights), np.bincount(label, weights * values)
        present = count > 0
        return float((total[present] / count[present]).mean()) if present.any() else float("nan")

    return mean


def _rank_statistic(
    kind: Literal["auroc", "eer"], genuine: np.ndarray
) -> Callable[[np.ndarray, np.ndarray], float]:
    from earmark.evaluation.verification import equal_error_rate

    def ranks(values: np.ndarray, weights: np.ndarray) -> float:
        if not (weights[genuine].sum() and weights[~genuine].sum()):
            return float("nan")
        if kind == "eer":
            return equal_error_rate(values, genuine, weights)
        from sklearn.metrics import roc_auc_score

        return float(roc_auc_score(genuine, values, sample_weight=weights))

    return ranks
