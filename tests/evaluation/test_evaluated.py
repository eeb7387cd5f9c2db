"""What metrics are made of: which pieces, in which order, resampled by work."""

import numpy as np
import pytest


@pytest.fixture
def some(evaluation, known, stranger):
    return evaluation(
        ["Ash", "Birch"],
        known("c", "Ash", 0.0, 1.0),
        known("a", "Birch", 1.0, 0.0),
        stranger("s2", 1.0, 1.0),
        known("b", "Ash", 0.0, 1.0, split="train"),
        stranger("s3", 1.0, 1.0, role="unknown-calibration"),
        stranger("s1", 1.0, 1.0),
        resamples=400,
        groups={"a": "A", "c": "A", "b": "B", "s1": "S", "s2": "S", "s3": "S"},
    )


def test_pieces_by_split_and_role_in_the_order_of_their_names(some):
    assert list(some.known("test").piece_id) == ["a", "c"]
    assert list(some.known("train").piece_id) == ["b"]
    assert some.known("validation").empty
    assert list(some.unknown("unknown-test").piece_id) == ["s1", "s2"]
    assert list(some.unknown("unknown-calibration").piece_id) == ["s3"]
    assert list(some.known("test").index) == [0, 1]


def test_numbers_are_places_among_the_labels(some):
    assert some.numbers(["Birch", "Ash", "Birch"]).tolist() == [1, 0, 1]
    assert some.numbers([]).dtype == np.int64
    with pytest.raises(KeyError, match="Cedar"):
        some.numbers(["Cedar"])


def test_pieces_of_one_work_are_drawn_together(some):
    seen = []
    found = some.with_intervals(
        lambda weights: seen.append(weights) or {"n": weights.sum()}, some.known("test")
    )
    assert found == {"n": {"value": 2, "low": 2, "high": 2}}  # one work: each resample is the whole
    assert len(seen) == 401
    assert all(first == second for first, second in seen)


def test_the_value_is_that_of_all_pieces_once(some):
    table = some.verdicts
    found = some.with_intervals(lambda weights: {"known": weights[:2].sum() / weights.sum()}, table)
    assert found["known"]["value"] == pytest.approx(2 / 6, abs=1e-6)
    assert found["known"]["low"] == 0 < found["known"]["value"] < found["known"]["high"] <= 1
