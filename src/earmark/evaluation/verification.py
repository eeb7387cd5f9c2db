"""Did this author play it? Verification: every test piece against every claim.

A trial is a piece and a claimed label; its score is by how much nearer the piece lies to the claimed
label than to any other. Pieces by strangers are impostors under every claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from earmark.foundation.contracts import Evaluation, Metrics
from earmark.music.catalog import TEST

TRIALS_FILE = "trials.csv"  # of the test, in plots/evaluation: piece_id, score, genuine (0 or 1)


@dataclass(frozen=True)
class Trials:
    """score: (trials,). genuine: whether the claim is true. row: which piece it is about."""

    score: np.ndarray
    genuine: np.ndarray
    row: np.ndarray


def trials_of(evaluation: Evaluation, table: pd.DataFrame) -> Trials:
    """All trials of the pieces of a table of verdicts."""
    if table.empty:
        return Trials(np.zeros(0), np.zeros(0, bool), np.zeros(0, np.int64))
    distances = np.stack([evaluation.distances[name] for name in table.piece_id])
    others = np.stack(
        [np.delete(distances, label, axis=1).min(axis=1) for label in range(distances.shape[1])], axis=1
    )
    genuine = np.array([[name == label for label in evaluation.labels] for name in table.label])
    row = np.repeat(np.arange(len(table)), distances.shape[1])
    return Trials((others - distances).ravel(), genuine.ravel(), row)


def equal_error_rate(score: np.ndarray, genuine: np.ndarray, weight: np.ndarray) -> float:
    """Where false accepts and false rejects are equally frequent, interpolated; NaN without either kind."""
    from sklearn.metrics import roc_curve

    if not (weight[genuine].sum() and weight[~genuine].sum()):
        return float("nan")
    fpr, tpr, _ = roc_curve(genuine, score, sample_weight=weight, drop_intermediate=False)
    gap = fpr - (1 - tpr)  # rises from -1 to 1
    after = int(np.searchsorted(gap, 0))
    if after == 0 or gap[after] == 0:
        return float(fpr[after])
    step = -gap[after - 1] / (gap[after] - gap[after - 1])
    return float(fpr[after - 1] + step * (fpr[after] - fpr[after - 1]))


def _auroc(score: np.ndarray, genuine: np.ndarray, weight: np.ndarray) -> float:
    """Area under the ROC curve; NaN without either kind."""
    from sklearn.metrics import roc_auc_score

    if not (weight[genuine].sum() and weight[~genuine].sum()):
        return float("nan")
    return float(roc_auc_score(genuine, score, sample_weight=weight))


def threshold_at(score: np.ndarray, genuine: np.ndarray, false_accept_rate: float) -> float:
    """The lowest score at which at most that share of false claims is accepted; NaN without any."""
    impostors = np.sort(score[~genuine])[::-1]
    if not len(impostors):
        return float("nan")
    passing = int(false_accept_rate * len(impostors))
    return float(np.nextafter(impostors[passing], np.inf)) if passing < len(impostors) else -np.inf


@dataclass(frozen=True)
class Verification:
    """ROC, equal error rate, and error rates at a threshold fixed on validation pieces.

    false_accept_rate: share of false claims about validation pieces that may be accepted.
    """

    false_accept_rate: float

    def __post_init__(self) -> None:
        if not 0 < self.false_accept_rate < 1:
            raise ValueError(f"false_accept_rate={self.false_accept_rate:g} must lie between 0 and 1")

    def measure(self, evaluation: Evaluation) -> Metrics:
        """auroc, eer, and at the threshold false_accepts and false_rejects, of test trials.

        Of two labels also `piece_auroc`, of the claims of one of them: each piece is tried once, so that no
        threshold has to serve both claims.
        """
        table, trials = self._test(evaluation)
        validation = trials_of(evaluation, evaluation.known("validation"))
        threshold = threshold_at(validation.score, validation.genuine, self.false_accept_rate)
        once = np.arange(len(trials.score)) % len(evaluation.labels) == 0  # claims of the first label
        names = ("auroc", "eer", "false_accepts", "false_rejects")
        names += ("piece_auroc",) if len(evaluation.labels) == 2 else ()

        def measure(weights: np.ndarray) -> dict[str, float]:
            weight = weights[trials.row]
            true, false = trials.genuine, ~trials.genuine
            if not (weight[true].sum() and weight[false].sum()):
                return dict.fromkeys(names, float("nan"))
            accepted = trials.score >= threshold
            fixed = 1.0 if np.isfinite(threshold) else float("nan")  # no false claims to fix it by
            found = {
                "auroc": _auroc(trials.score, true, weight),
                "eer": equal_error_rate(trials.score, true, weight),
                "false_accepts": fixed * float(weight[false & accepted].sum() / weight[false].sum()),
                "false_rejects": fixed * float(weight[true & ~accepted].sum() / weight[true].sum()),
                "piece_auroc": _auroc(trials.score, true, weight * once),
            }
            return {name: found[name] for name in names}

        return evaluation.with_intervals(measure, table)

    def draw(self, evaluation: Evaluation, folder: Path) -> None:
        """The ROC of the test's trials, and the trials themselves."""
        from sklearn.metrics import roc_curve

        from earmark.evaluation.plots import roc_picture
        from earmark.music.catalog import write_table

        table, trials = self._test(evaluation)
        if trials.genuine.all() or not trials.genuine.any():
            return
        named = {"piece_id": table.piece_id.to_numpy()[trials.row], "score": trials.score.round(6)}
        write_table(pd.DataFrame({**named, "genuine": trials.genuine.astype(int)}), folder / TRIALS_FILE)
        fpr, tpr, _ = roc_curve(trials.genuine, trials.score)
        table = pd.DataFrame({"false_accept_rate": fpr, "true_accept_rate": tpr}).round(6)
        write_table(table, folder / "roc.csv")
        eer = equal_error_rate(trials.score, trials.genuine, np.ones(len(trials.score)))
        roc_picture(fpr, tpr, eer, folder / "roc.png")

    @staticmethod
    def _test(evaluation: Evaluation) -> tuple[pd.DataFrame, Trials]:
        table = pd.concat([evaluation.known("test"), evaluation.unknown(TEST)], ignore_index=True)
        return table, trials_of(evaluation, table)
