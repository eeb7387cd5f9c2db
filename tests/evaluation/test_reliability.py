"""Calibration error by hand, and of what is calibrated by construction."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from earmark.evaluation.evaluated import EvaluatedPieces
from earmark.evaluation.reliability import calibration_metrics, reliability


def judged_of(confidence, right):
    rows = [
        (f"p{number:05d}", "A", "A" if hit else "B", value, "known", "test")
        for number, (value, hit) in enumerate(zip(confidence, right, strict=True))
    ]
    columns = ["piece_id", "label", "nearest_label", "confidence", "role", "split"]
    table = pd.DataFrame(rows, columns=columns)
    return EvaluatedPieces(["A", "B"], table, {}, {}, {name: name for name in table.piece_id}, {}, 20, 0)


def value_of(found):
    return SimpleNamespace(**{name: metric["value"] for name, metric in found.items()})


def test_an_example_by_hand():
    # Two verdicts of confidence 0.95, one wrong; two of 0.55, both right.
    found = value_of(calibration_metrics(judged_of([0.95, 0.95, 0.55, 0.55], [1, 0, 1, 1])))
    assert found.ece == pytest.approx((2 * 0.45 + 2 * 0.45) / 4)
    assert found.brier == pytest.approx((0.05**2 + 0.95**2 + 2 * 0.45**2) / 4)


def test_what_is_right_as_often_as_it_says_has_no_error():
    random = np.random.default_rng(0)
    confidence = random.uniform(0.5, 1, 20_000)
    right = random.uniform(size=20_000) < confidence
    assert value_of(calibration_metrics(judged_of(confidence, right))).ece < 0.01
    sure = np.ones(20_000)
    assert value_of(calibration_metrics(judged_of(sure, right))).ece == pytest.approx(0.25, abs=0.01)


def test_full_confidence_falls_into_the_last_bin_and_empty_bins_are_nan():
    bins = reliability(np.array([1.0, 0.05]), np.array([1.0, 0.0]), np.ones(2))
    assert bins.weight.tolist() == [1] + [0] * 8 + [1]
    assert bins.accuracy.iloc[[0, 9]].tolist() == [0, 1]
    assert bins.accuracy.iloc[1:9].isna().all()


def test_without_test_pieces_nothing_is_said():
    assert value_of(calibration_metrics(judged_of([], []))).ece is None
