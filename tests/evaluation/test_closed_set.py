"""Closed-set metrics against scikit-learn's."""

import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score

from earmark.evaluation.closed_set import closed_set_metrics, confusion

LABELS = ["Ash", "Birch", "Cedar", "Dogwood"]


def cases(seed, size=60, labels=LABELS):
    random = np.random.default_rng(seed)
    truth = random.choice(labels, size, p=np.arange(1, len(labels) + 1) / sum(range(len(labels) + 1)))
    verdict = np.where(random.random(size) < 0.6, truth, random.choice(labels, size))
    return list(truth), list(verdict), random.integers(0, 4, size).astype(float)


@pytest.mark.parametrize("seed", range(5))
def test_the_matrix_is_sklearns(seed):
    truth, verdict, weights = cases(seed)
    assert (confusion(truth, verdict, LABELS) == confusion_matrix(truth, verdict, labels=LABELS)).all()
    expected = confusion_matrix(truth, verdict, labels=LABELS, sample_weight=weights)
    assert (confusion(truth, verdict, LABELS, weights) == expected).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_the_metrics_are_sklearns(seed, weighted):
    truth, verdict, weights = cases(seed)
    weights = weights if weighted else None
    expected = {
        "accuracy": accuracy_score(truth, verdict, sample_weight=weights),
        "balanced_accuracy": balanced_accuracy_score(truth, verdict, sample_weight=weights),
        "macro_f1": f1_score(truth, verdict, average="macro", sample_weight=weights),
    }
    assert closed_set_metrics(confusion(truth, verdict, LABELS, weights)) == pytest.approx(expected)


def test_a_weight_counts_like_so_many_pieces():
    truth, verdict, weights = cases(7)
    times = weights.astype(int)
    repeated = closed_set_metrics(confusion(np.repeat(truth, times), np.repeat(verdict, times), LABELS))
    assert closed_set_metrics(confusion(truth, verdict, LABELS, weights)) == pytest.approx(repeated)


@pytest.mark.parametrize("seed", range(3))
def test_labels_without_a_piece_do_not_count(seed):
    truth, verdict, _ = cases(seed, labels=LABELS[:3])
    verdict[0] = "Dogwood"  # a verdict for a label of which no piece is there
    found = closed_set_metrics(confusion(truth, verdict, LABELS))
    present = f1_score(truth, verdict, labels=LABELS[:3], average="macro")
    recalls = [
        np.mean([v == label for t, v in zip(truth, verdict, strict=True) if t == label])
        for label in LABELS[:3]
    ]
    assert found["macro_f1"] == pytest.approx(present)
    assert found["balanced_accuracy"] == pytest.approx(np.mean(recalls))


def test_an_example_by_hand():
    # Ash: 3 of 4 right; Birch: 1 of 2 right.
    matrix = np.array([[3.0, 1.0], [1.0, 1.0]])
    found = closed_set_metrics(matrix)
    assert found == pytest.approx(
        {"accuracy": 4 / 6, "balanced_accuracy": (3 / 4 + 1 / 2) / 2, "macro_f1": (6 / 8 + 2 / 4) / 2}
    )


def test_nothing_judged_is_not_a_number():
    found = closed_set_metrics(confusion([], [], LABELS))
    assert set(found) == {"accuracy", "balanced_accuracy", "macro_f1"}
    assert all(math.isnan(value) for value in found.values())
