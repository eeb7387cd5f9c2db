"""One table of metrics: by which one systems are compared, and in which direction."""

import pytest

from earmark.evaluation.metric_table import (
    BALANCED_ACCURACY,
    EQUAL_ERROR_RATE,
    KEY_SCORE,
    METRICS,
    headline,
    metric_named,
)


def test_what_an_experiment_added_comes_first():
    metrics = {
        "closed_set": {"balanced_accuracy": {"value": 0.9}},
        "key": {"weighted": {"value": 0.8}},
        "verification": {"eer": {"value": None}},
    }
    assert headline(["closed_set"]) == headline([]) == BALANCED_ACCURACY
    assert headline(["closed_set", "key"]) == KEY_SCORE
    assert headline(metrics) == EQUAL_ERROR_RATE
    assert [one.of(metrics) for one in (BALANCED_ACCURACY, KEY_SCORE, EQUAL_ERROR_RATE)] == [0.9, 0.8, None]


def test_names_are_unique_and_lead_back():
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert all(metric_named(metric.name) is metric for metric in METRICS)


@pytest.mark.parametrize(
    ("name", "lower"),
    [
        *(("verification.eer", True), ("calibration.ece", True), ("open_set.fpr_at_95_tpr", True)),
        *(("closed_set.balanced_accuracy", False), ("open_set.auroc", False), ("train.score", False)),
    ],
)
def test_errors_are_better_when_lower(name, lower):
    assert metric_named(name).lower_is_better is lower
    assert metric_named(name).name == name
