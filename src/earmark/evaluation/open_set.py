"""How well strangers are told from known labels, whatever the threshold and at the one that is set.

The score is minus the smallest distance to a prototype: the higher, the more like a known label.
"""

from __future__ import annotations

import numpy as np


def open_set_metrics(
    known_score: np.ndarray,
    known_right: np.ndarray,
    known_accepted: np.ndarray,
    unknown_score: np.ndarray,
    unknown_rejected: np.ndarray,
    known_weight: np.ndarray,
    unknown_weight: np.ndarray,
) -> dict[str, float]:
    """Metrics over test pieces, weighted (bootstrap counts); NaN where either side is empty.

    auroc: area under the ROC curve of known against unknown. fpr_at_95_tpr: share of unknowns taken
    for known where 95 % of the known are accepted. oscr: area under the curve of correct
    classification rate over false positive rate (Dhamija et al. 2018). known_accepted and
    unknown_rejected: by the decision as it stands. correct_at_threshold: known pieces both accepted
    and right.
    """
    names = ("auroc", "fpr_at_95_tpr", "oscr", "known_accepted", "correct_at_threshold", "unknown_rejected")
    if known_weight.sum() == 0 or unknown_weight.sum() == 0:
        return dict.fromkeys(names, float("nan"))
    tpr, ccr, fpr = _curves(known_score, known_right, unknown_score, known_weight, unknown_weight)
    return {
        "auroc": float(np.trapezoid(tpr, fpr)),
        "fpr_at_95_tpr": float(fpr[np.searchsorted(tpr, 0.95 - 1e-12)]),
        "oscr": float(np.trapezoid(ccr, fpr)),
        "known_accepted": float(known_weight[known_accepted].sum() / known_weight.sum()),
        "correct_at_threshold": float(known_weight[known_accepted & known_right].sum() / known_weight.sum()),
        "unknown_rejected": float(unknown_weight[unknown_rejected].sum() / unknown_weight.sum()),
    }


def _curves(
    known_score: np.ndarray,
    known_right: np.ndarray,
    unknown_score: np.ndarray,
    known_weight: np.ndarray,
    unknown_weight: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True positive, correct classification and false positive rates as the threshold falls.

    Equal scores pass the threshold together, so ties count half in the area.
    """
    score = np.concatenate([known_score, unknown_score])
    known = np.concatenate([known_weight, np.zeros(len(unknown_score))])
    right = np.concatenate([known_weight * known_right, np.zeros(len(unknown_score))])
    unknown = np.concatenate([np.zeros(len(known_score)), unknown_weight])
    order = np.argsort(-score, kind="stable")
    last_of_tie = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)

    def rate(weight: np.ndarray, total: float) -> np.ndarray:
        return np.concatenate([[0.0], np.cumsum(weight[order])[last_of_tie] / total])

    return (
        rate(known, known_weight.sum()),
        rate(right, known_weight.sum()),
        rate(unknown, unknown_weight.sum()),
    )
