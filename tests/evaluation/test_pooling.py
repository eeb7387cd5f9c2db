"""Pooled folds give the metrics that the evaluation of each fold wrote."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from earmark.evaluation.metric_table import BALANCED_ACCURACY, METRICS, FoldResult, metric_named
from earmark.evaluation.pooling import Score, logged, observations, pooled

COLUMNS = ["piece_id", "label", "nearest_label", "group"]
ROWS = [
    ("b1", "Bach", "Bach", "B1"),
    ("b2", "Bach", "Bach", "B1"),
    ("b3", "Bach", "Ravel", "B2"),
    ("r1", "Ravel", "Ravel", "R1"),
]


def result(*rows, fold="0", trials=None, strangers=()):
    """Of (piece_id, label, nearest label, work); a stranger is (piece_id, distance), known ones lie at 1."""
    known = pd.DataFrame(rows, columns=COLUMNS).assign(role="known", split="test", distance="1.0")
    unknown = pd.DataFrame(
        [(name, "", "Bach", name, "unknown-test", "test", str(distance)) for name, distance in strangers],
        columns=known.columns,
    )
    return FoldResult(fold, pd.concat([known, unknown], ignore_index=True), trials)


def score_of(metric, *results, resamples=200):
    return pooled(metric, observations(metric, results), resamples, seed=0)


def test_logged_metrics_have_an_interval_or_not():
    metrics = {"a.b.value": 0.5, "a.b.low": 0.25, "a.b.high": 0.75, "train.score": 0.9}
    assert logged(metrics, "a.b") == Score(0.5, 0.25, 0.75)
    assert logged(metrics, "train.score") == Score(0.9)
    assert logged(metrics, "c") == Score(None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("closed_set.balanced_accuracy", (2 / 3 + 1) / 2), ("closed_set.accuracy", 3 / 4)),
        ("key.exact", 3 / 4),
    ],
)
def test_a_metric_is_the_mean_of_its_pieces(name, value):
    score = score_of(metric_named(name), result(*ROWS))
    assert score.value == pytest.approx(value, abs=1e-6)
    assert 0 <= score.low <= score.value <= score.high <= 1


def test_folds_are_pooled_not_averaged():
    first, second = result(*ROWS[:2]), result(*ROWS[2:], fold="1")
    # Bach 2 of 3, Ravel 1 of 1: the mean of folds would be (1 + 1/2) / 2.
    assert score_of(BALANCED_ACCURACY, first, second).value == pytest.approx((2 / 3 + 1) / 2, abs=1e-6)


def test_a_piece_that_several_folds_test_counts_as_often_as_one_work():
    once, twice = result(*ROWS), [result(*ROWS), result(*ROWS, fold="1")]
    one, two = score_of(BALANCED_ACCURACY, once), score_of(BALANCED_ACCURACY, *twice)
    assert one == two  # the same works are drawn: seeing them twice makes nothing surer
    other = result(("b1", "Bach", "Ravel", "B1"), fold="1")
    assert score_of(metric_named("closed_set.accuracy"), once, other).value == pytest.approx(3 / 5)


def test_a_key_counts_as_mirex_has_it():
    keys = result(
        ("p1", "C major", "C major", "1"),
        ("p2", "C major", "G major", "2"),  # a fifth above
        ("p3", "C major", "A minor", "3"),  # relative
        ("p4", "C major", "F# major", "4"),
    )
    assert score_of(metric_named("key.weighted"), keys).value == pytest.approx(0.45)


def trials(*rows):
    return pd.DataFrame(rows, columns=["piece_id", "score", "genuine"]).astype(str)


def test_trials_of_all_folds_make_one_equal_error_rate():
    """Each fold alone parts true and false claims; together their scales do not fit."""
    first = result(*ROWS[:2], trials=trials(("b1", 2.0, 1), ("b1", 1.0, 0), ("b2", 2.0, 1), ("b2", 1.0, 0)))
    second = result(*ROWS[2:], fold="1", trials=trials(("b3", 0.5, 1), ("b3", 0.0, 0), ("r1", 0.5, 1)))
    metric = metric_named("verification.eer")
    assert score_of(metric, first).value == score_of(metric, second).value == 0
    assert score_of(metric, first, second).value == pytest.approx(0.5)
    assert observations(metric, [first, result(*ROWS, fold="2")]) is None


def test_strangers_are_told_by_their_distance():
    metric = metric_named("open_set.auroc")
    score = score_of(metric, result(*ROWS, strangers=[("s1", 2.0), ("s2", 0.5)]))
    assert score.value == pytest.approx(roc_auc_score([1, 1, 1, 1, 0, 0], [-1, -1, -1, -1, -2, -0.5]))


def test_only_known_test_pieces_count_in_an_order_of_their_own():
    table = result(*ROWS).verdicts
    mixed = pd.concat([table.assign(split="train"), table.assign(role="unknown-test"), table])
    rows = observations(BALANCED_ACCURACY, [FoldResult("0", mixed.sample(frac=1, random_state=0))])
    assert list(rows.piece_id) == ["b1", "b2", "b3", "r1"]


def test_what_verdicts_do_not_give_again():
    without_works = FoldResult("0", result(*ROWS).verdicts.drop(columns="group"))
    assert all(observations(metric, [without_works]) is None for metric in METRICS)
    assert observations(metric_named("calibration.ece"), [result(*ROWS)]) is None
    assert observations(BALANCED_ACCURACY, []) is None


def test_the_interval_knows_that_pieces_of_one_work_go_together():
    rows = [(f"p{index}", f"L{index % 2}", "L9" if index < 10 else f"L{index % 2}") for index in range(40)]
    alone = result(*[(*row, row[0]) for row in rows])
    # Four works, one of them wrong throughout.
    together = result(*[(*row, f"w{index // 10}") for index, row in enumerate(rows)])
    narrow, wide = (score_of(BALANCED_ACCURACY, one, resamples=1000) for one in (alone, together))
    assert narrow.value == wide.value == 0.75
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
    assert np.isfinite([wide.low, wide.high]).all()
