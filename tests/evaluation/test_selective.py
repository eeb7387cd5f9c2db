"""Risk and coverage by hand."""

import numpy as np
import pytest

from earmark.decisions.rejection import UNKNOWN
from earmark.evaluation.selective import risk_coverage, selective_metrics

LABELS = ["Ash", "Birch"]


def test_the_curve_answers_the_surest_first():
    curve = risk_coverage(np.array([0.6, 0.9, 0.8, 0.7]), np.array([True, True, False, True]))
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert curve.risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 1 / 4])


def test_pieces_of_one_confidence_are_answered_together(tested, values):
    confidence, right = np.full(10, 0.9), np.arange(10) < 5
    for order in (right, right[::-1]):
        assert risk_coverage(confidence, order).values.tolist() == [[1.0, 0.5]]
        pieces = zip(confidence, order.tolist(), [True] * 10, strict=True)
        assert values(selective_metrics(tested(*pieces)))["aurc"] == 0.5


def test_a_curve_of_nothing_is_empty():
    assert risk_coverage(np.array([]), np.array([], bool)).empty


@pytest.fixture
def tested(evaluation, known):
    """An evaluation of (confidence, right, answered)."""

    def of(*pieces, **settings):
        rows = [
            known(f"p{index:02}", "Ash", *((0.0, 1.0) if right else (1.0, 0.0)), confidence=confidence,
                  **({} if answered else {"verdict": UNKNOWN}))
            for index, (confidence, right, answered) in enumerate(pieces)
        ]  # fmt: skip
        return evaluation(LABELS, *rows, **settings)

    return of


def test_known_values(tested, values):
    found = values(
        selective_metrics(
            tested((0.6, True, False), (0.9, True, True), (0.8, False, True), (0.7, True, True))
        )
    )
    assert found == pytest.approx(
        {"coverage": 3 / 4, "risk": 1 / 3, "aurc": (0 + 1 / 2 + 1 / 3 + 1 / 4) / 4}, abs=1e-6
    )


def test_the_area_is_the_mean_risk_of_the_curve(tested, values):
    random = np.random.default_rng(0)
    confidence, right = random.random(30), random.random(30) < 0.6
    found = selective_metrics(tested(*zip(confidence, right, [True] * 30, strict=True)))
    assert values(found)["aurc"] == pytest.approx(risk_coverage(confidence, right).risk.mean(), abs=1e-6)
    assert values(found)["risk"] == pytest.approx(1 - right.mean(), abs=1e-6)
    assert values(found)["coverage"] == 1


def test_the_better_confidence_orders_the_smaller_the_area(tested, values):
    right = [True] * 6 + [False] * 2
    areas = [
        values(selective_metrics(tested(*((c, r, True) for c, r in zip(confidence, right, strict=True)))))[
            "aurc"
        ]
        for confidence in (np.linspace(1, 0.5, 8), [0.6, 0.9] * 4, np.linspace(0.5, 1, 8))
    ]
    assert areas == sorted(areas)
    assert areas[0] == pytest.approx((1 / 7 + 2 / 8) / 8, abs=1e-6)  # the wrong come last


def test_where_all_are_right_there_is_no_risk_and_no_area(tested, values):
    found = values(selective_metrics(tested(*[(0.5, True, True)] * 3)))
    assert found == {"coverage": 1, "risk": 0, "aurc": 0}


def test_where_nothing_is_answered_the_risk_is_not_measured(tested):
    found = selective_metrics(tested((0.9, True, False), (0.8, False, False)))
    assert found["coverage"] == {"value": 0, "low": 0, "high": 0}
    assert found["risk"] == {"value": None, "low": None, "high": None}
    assert found["aurc"]["value"] == 0.25


def test_of_no_piece_nothing_is_measured(tested):
    assert {metric["value"] for metric in selective_metrics(tested()).values()} == {None}
