"""Metrics from verdicts are those that the evaluation wrote."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score

from earmark.experiments.leaderboard.scores import (
    HEADLINE,
    Score,
    headline,
    judged_pieces,
    logged,
    lower_is_better,
    score_of,
    weights,
)


def verdicts(*rows):
    """Of (piece_id, label, nearest label, work)."""
    table = pd.DataFrame(rows, columns=["piece_id", "label", "nearest_label", "group"])
    return table.assign(role="known", split="test")


TABLE = verdicts(
    ("b1", "Bach", "Bach", "B1"),
    ("b2", "Bach", "Bach", "B1"),
    ("b3", "Bach", "Ravel", "B2"),
    ("r1", "Ravel", "Ravel", "R1"),
)


@pytest.mark.parametrize(
    ("logged_names", "expected"),
    [
        (["closed_set.balanced_accuracy.value", "train.score"], HEADLINE),
        (["closed_set.balanced_accuracy.value", "verification.eer.value"], "verification.eer"),
        (["key.weighted.value", "closed_set.balanced_accuracy.value"], "key.weighted"),
        ([], HEADLINE),
    ],
)
def test_an_experiments_own_section_is_its_headline(logged_names, expected):
    assert headline(logged_names) == expected


def test_errors_are_better_when_lower():
    assert lower_is_better("verification.eer")
    assert lower_is_better("calibration.ece")
    assert not lower_is_better(HEADLINE)
    assert not lower_is_better("open_set.auroc")


def test_logged_metrics_have_an_interval_or_not():
    metrics = {"a.b.value": 0.5, "a.b.low": 0.25, "a.b.high": 0.75, "train.score": 0.9}
    assert logged(metrics, "a.b") == Score(0.5, 0.25, 0.75)
    assert logged(metrics, "train.score") == Score(0.9)
    assert logged(metrics, "c") == Score(None)


@pytest.mark.parametrize(
    ("metric", "value"), [(HEADLINE, (2 / 3 + 1) / 2), ("closed_set.accuracy", 3 / 4), ("key.exact", 3 / 4)]
)
def test_a_metric_is_the_weighted_mean_of_its_pieces(metric, value):
    pieces = judged_pieces(TABLE, metric)
    assert weights(pieces, metric) @ pieces.right == pytest.approx(value)
    found = score_of(pieces, metric)
    assert found.value == pytest.approx(value, abs=1e-6)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_key_counts_as_mirex_has_it():
    table = verdicts(
        ("p1", "C major", "C major", "1"),
        ("p2", "C major", "G major", "2"),  # a fifth above
        ("p3", "C major", "A minor", "3"),  # relative
        ("p4", "C major", "F# major", "4"),
    )
    pieces = judged_pieces(table, "key.weighted")
    assert list(pieces.right) == [1.0, 0.5, 0.3, 0.0]
    assert score_of(pieces, "key.weighted").value == pytest.approx(0.45)


def test_only_known_test_pieces_count_in_an_order_of_their_own():
    others = TABLE.assign(split="train"), TABLE.assign(role="unknown-test")
    mixed = pd.concat([*others, TABLE]).sample(frac=1, random_state=0)
    assert list(judged_pieces(mixed, HEADLINE).piece_id) == ["b1", "b2", "b3", "r1"]


def test_what_verdicts_do_not_give_again():
    assert judged_pieces(TABLE, "open_set.auroc") is None
    assert judged_pieces(TABLE.drop(columns="group"), HEADLINE) is None


def test_the_interval_knows_that_pieces_of_one_work_go_together():
    rows = [(f"p{index}", f"L{index % 2}", f"L{index % 2}", "") for index in range(40)]
    wrong = [(name, label, "L9", "") for name, label, _, _ in rows[:10]]
    alone = verdicts(*[(*row[:3], row[0]) for row in [*wrong, *rows[10:]]])
    # Four works, one of them wrong throughout.
    together = alone.assign(group=[f"w{index // 10}" for index in range(40)])
    narrow, wide = (score_of(judged_pieces(table, HEADLINE), HEADLINE) for table in (alone, together))
    assert narrow.value == wide.value == 0.75
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
    truth = balanced_accuracy_score(alone.label, alone.nearest_label.replace("L9", "L0"))
    assert np.isfinite(truth)
