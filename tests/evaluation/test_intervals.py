"""Bootstrap intervals: repeatable, and honest about pieces of one work."""

import numpy as np
import pytest

from earmark.evaluation.intervals import with_intervals, work_weights

RIGHT = np.random.default_rng(0).random(60) < 0.7


def share(right):
    return lambda weights: {"share": float(np.average(right, weights=weights))}


def width(found):
    return found["share"]["high"] - found["share"]["low"]


def test_every_resample_draws_as_many_works_as_there_are_whole():
    groups = ["a", "b", "a", "c", "c", "c"]
    for weights in work_weights(groups, 50, seed=0):
        assert weights[0] == weights[2]
        assert weights[3] == weights[4] == weights[5]
        assert weights[[0, 1, 3]].sum() == 3
    assert len(list(work_weights(groups, 50, seed=0))) == 50


def test_the_seed_decides():
    first, again, other = (np.stack(list(work_weights(range(6), 20, seed))) for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_the_value_is_that_of_the_pieces_and_lies_in_its_interval():
    found = with_intervals(share(RIGHT), range(60), 500, seed=0)["share"]
    assert found["value"] == round(RIGHT.mean(), 6)
    assert found["low"] < found["value"] < found["high"]


def test_the_interval_of_a_constant_is_a_point():
    found = with_intervals(share(np.ones(30)), range(30), 200, seed=0)
    assert found == {"share": {"value": 1.0, "low": 1.0, "high": 1.0}}


def test_it_is_about_as_wide_as_theory_says():
    error = (RIGHT.mean() * (1 - RIGHT.mean()) / 60) ** 0.5  # of a mean of independent pieces
    assert width(with_intervals(share(RIGHT), range(60), 4000, seed=0)) == pytest.approx(
        3.92 * error, rel=0.1
    )


def test_duplicates_of_a_work_make_it_no_surer():
    once = width(with_intervals(share(RIGHT), range(60), 2000, seed=0))
    groups, repeated = np.repeat(range(60), 4), np.repeat(RIGHT, 4)
    clustered = width(with_intervals(share(repeated), groups, 2000, seed=0))
    careless = width(with_intervals(share(repeated), range(240), 2000, seed=0))
    assert clustered == pytest.approx(once)
    assert careless == pytest.approx(clustered / 2, rel=0.15)


def test_resamples_without_a_value_do_not_count():
    def precision(weights):
        drawn = weights[:2].sum()  # of two pieces alone: often not drawn at all
        return {"precision": weights[0] / drawn if drawn else float("nan")}

    found = with_intervals(precision, range(4), 300, seed=0)["precision"]
    assert found == {"value": 0.5, "low": 0.0, "high": 1.0}


def test_what_is_not_defined_is_none_as_json_has_no_nan():
    found = with_intervals(lambda weights: {"auroc": float("nan")}, range(3), 10, seed=0)
    assert found == {"auroc": {"value": None, "low": None, "high": None}}


def test_no_resamples_no_interval():
    found = with_intervals(share(RIGHT), range(60), 0, seed=0)["share"]
    assert (found["low"], found["high"]) == (None, None)
    assert found["value"] == round(RIGHT.mean(), 6)


def test_equal_arguments_give_equal_intervals():
    one, same, other = (with_intervals(share(RIGHT), range(60), 100, seed) for seed in (3, 3, 4))
    assert one == same
    assert one != other
