"""Open-set metrics: against scikit-learn where it has them, else on cases whose answer is known."""

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from earmark.evaluation.open_set import open_set_metrics


def metrics(known, unknown, right=None, threshold=0.0, known_weight=None, unknown_weight=None):
    known, unknown = np.asarray(known, float), np.asarray(unknown, float)
    return open_set_metrics(
        known,
        np.ones(len(known), bool) if right is None else np.asarray(right, bool),
        known >= threshold,
        unknown,
        unknown < threshold,
        np.ones(len(known)) if known_weight is None else np.asarray(known_weight, float),
        np.ones(len(unknown)) if unknown_weight is None else np.asarray(unknown_weight, float),
    )


def auroc(known, unknown, known_weight=None, unknown_weight=None):
    weights = None if known_weight is None else np.concatenate([known_weight, unknown_weight])
    truth = [1] * len(known) + [0] * len(unknown)
    return roc_auc_score(truth, np.concatenate([known, unknown]), sample_weight=weights)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_auroc_is_sklearns(seed, ties):
    random = np.random.default_rng(seed)
    known, unknown = random.normal(1, 1, 40), random.normal(0, 1, 30)
    if ties:
        known, unknown = known.round(), unknown.round()
    assert metrics(known, unknown)["auroc"] == pytest.approx(auroc(known, unknown))
    weights = random.integers(0, 4, 40).astype(float), random.integers(0, 4, 30).astype(float)
    found = metrics(known, unknown, known_weight=weights[0], unknown_weight=weights[1])
    assert found["auroc"] == pytest.approx(auroc(known, unknown, *weights))


def test_equal_scores_everywhere_are_chance():
    assert metrics([3.0] * 7, [3.0] * 5)["auroc"] == pytest.approx(0.5)


def test_perfect_separation_and_perfect_labels():
    found = metrics([3, 4, 5, 6], [0, 1, 2], threshold=2.5)
    assert found == pytest.approx(
        {
            "auroc": 1.0,
            "fpr_at_95_tpr": 0.0,
            "oscr": 1.0,
            "known_accepted": 1.0,
            "correct_at_threshold": 1.0,
            "unknown_rejected": 1.0,
        }
    )


def test_the_wrong_way_round():
    found = metrics([0, 1, 2], [3, 4, 5], threshold=2.5)
    assert (found["auroc"], found["fpr_at_95_tpr"], found["oscr"]) == (0.0, 1.0, 0.0)
    assert (found["known_accepted"], found["unknown_rejected"]) == (0.0, 0.0)


def test_oscr_of_perfect_separation_is_the_accuracy():
    assert metrics([3, 4, 5, 6], [0, 1], right=[1, 0, 1, 1])["oscr"] == pytest.approx(0.75)


def test_oscr_of_scores_and_labels_drawn_by_lot():
    random = np.random.default_rng(0)
    right = random.random(20_000) < 1 / 3
    found = metrics(random.random(20_000), random.random(20_000), right)
    assert found["oscr"] == pytest.approx(1 / 3 / 2, abs=0.01)  # half the accuracy
    assert found["auroc"] == pytest.approx(0.5, abs=0.01)
    assert found["fpr_at_95_tpr"] == pytest.approx(0.95, abs=0.01)


def test_oscr_by_hand():
    # From the top: known right, unknown, known wrong, unknown, known right: steps at FPR 1/2 and 1.
    found = metrics([5, 3, 1], [4, 2], right=[1, 0, 1])
    assert found["oscr"] == pytest.approx(0.5 * 1 / 3 + 0.5 * 1 / 3)
    assert found["auroc"] == pytest.approx(0.5 * 1 / 3 + 0.5 * 2 / 3)


def test_oscr_is_auroc_where_every_label_is_right():
    random = np.random.default_rng(1)
    found = metrics(random.normal(1, 1, 50), random.normal(0, 1, 50))
    assert found["oscr"] == pytest.approx(found["auroc"])


@pytest.mark.parametrize(
    ("unknown", "expected"),
    [
        # 20 known pieces score 1 to 20: 95 % of them, 19, are accepted from 2 upwards.
        ([1.5, 1.9, 0.0, -3.0], 0.0),
        ([2.5, 1.5, 30.0, 0.0], 0.5),
        ([2.0, 0.0], 0.5),  # a tie is taken for known
        ([21.0, 22.0], 1.0),
    ],
)
def test_fpr_at_95_tpr_by_hand(unknown, expected):
    assert metrics(np.arange(1, 21), unknown)["fpr_at_95_tpr"] == expected


def test_at_the_threshold():
    found = metrics([1, 2, 3, 4], [0, 2, 5], right=[1, 1, 0, 1], threshold=2.0)
    assert found["known_accepted"] == pytest.approx(3 / 4)
    assert found["correct_at_threshold"] == pytest.approx(2 / 4)
    assert found["unknown_rejected"] == pytest.approx(1 / 3)


def test_a_weight_counts_like_so_many_pieces():
    random = np.random.default_rng(2)
    known, unknown = random.normal(1, 1, 12).round(1), random.normal(0, 1, 9).round(1)
    right, threshold = random.random(12) < 0.7, 0.4
    times = random.integers(0, 4, 12), random.integers(0, 4, 9)
    weighted = metrics(known, unknown, right, threshold, *times)
    repeated = metrics(
        np.repeat(known, times[0]), np.repeat(unknown, times[1]), np.repeat(right, times[0]), threshold
    )
    assert weighted == pytest.approx(repeated)


def test_the_order_of_pieces_does_not_matter():
    random = np.random.default_rng(3)
    known, unknown, right = (
        random.normal(size=15).round(1),
        random.normal(size=11).round(1),
        random.random(15) < 0.5,
    )
    order, other = random.permutation(15), random.permutation(11)
    assert metrics(known[order], unknown[other], right[order]) == pytest.approx(
        metrics(known, unknown, right)
    )


@pytest.mark.parametrize(
    "sides",
    [
        {"known": [], "unknown": [1.0]},
        {"known": [1.0], "unknown": []},
        {"known": [1.0], "unknown": [1.0], "known_weight": [0.0]},
        {"known": [1.0], "unknown": [1.0], "unknown_weight": [0.0]},
    ],
)
def test_one_side_alone_is_not_a_number(sides):
    found = metrics(**sides)
    assert len(found) == 6
    assert all(math.isnan(value) for value in found.values())
