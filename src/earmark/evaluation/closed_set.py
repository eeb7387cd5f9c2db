"""How well the known labels are told apart: confusion matrix, accuracy, balanced accuracy, macro F1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np


def confusion(
    truth: Iterable[str], verdict: Iterable[str], labels: Sequence[str], weights: np.ndarray | None = None
) -> np.ndarray:
    """Weighted counts, a row for each true label and a column for each verdict: (labels, labels)."""
    place = {label: index for index, label in enumerate(labels)}
    matrix = np.zeros((len(labels), len(labels)))
    rows = [place[label] for label in truth]
    columns = [place[label] for label in verdict]
    np.add.at(matrix, (rows, columns), 1.0 if weights is None else weights)
    return matrix


def closed_set_metrics(matrix: np.ndarray) -> dict[str, float]:
    """Metrics of a confusion matrix. Labels of which no piece is there do not count.

    balanced_accuracy: mean recall of the labels. macro_f1: mean over them of the harmonic mean of
    precision and recall. NaN for an empty matrix.
    """
    total = matrix.sum()
    present = matrix.sum(axis=1) > 0
    if total == 0:
        return dict.fromkeys(("accuracy", "balanced_accuracy", "macro_f1"), float("nan"))
    right = np.diag(matrix)
    recall = right[present] / matrix.sum(axis=1)[present]
    f1 = 2 * right[present] / (matrix.sum(axis=1) + matrix.sum(axis=0))[present]
    return {
        "accuracy": float(right.sum() / total),
        "balanced_accuracy": float(recall.mean()),
        "macro_f1": float(f1.mean()),
    }
