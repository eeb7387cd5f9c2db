"""Probabilities of one hand against pairs of which the truth is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from earmark.decisions.rejection import Rejection
from earmark.decisions.vote import FittedVote
from earmark.foundation.errors import EarmarkError
from earmark.identify import compare
from earmark.identify.compare import Comparator, equal_error, fit_probability


def with_pieces(bundle, means, labels, works=None):
    """The bundle with one reference clip a piece."""
    table = pd.DataFrame(
        {"piece_id": [f"p{n:04}" for n in range(len(labels))], "label": labels, "title": "", "start_s": 0.0}
    )
    if works is not None:
        table["group"] = works
    return replace(bundle, references=table, embeddings=np.asarray(means, np.float32))


@pytest.fixture
def clouds(bundle):
    """Forty pieces of two labels, which scatter by 1 about points that lie 4 apart."""
    random = np.random.default_rng(0)
    means = random.standard_normal((40, bundle.embeddings.shape[1])) * 0.2
    means[20:, 0] += 4
    return with_pieces(bundle, means, ["Ash"] * 20 + ["Birch"] * 20)


def test_a_known_logistic_curve_is_found_again():
    """P(equal | d) = 1 / (1 + exp(3 d - 6)) with as many equal as different pairs."""
    random = np.random.default_rng(1)
    distance = random.uniform(0, 4, 40000)  # symmetric about 2: both kinds are as frequent
    equal = random.random(40000) < 1 / (1 + np.exp(3 * distance - 6))
    slope, intercept = fit_probability(distance, equal)
    assert slope == pytest.approx(3, rel=0.03)
    assert intercept == pytest.approx(6, rel=0.03)


def test_the_curve_is_that_of_scikit_learn():
    draw = np.random.default_rng(4)
    distance = np.abs(draw.normal(3, 1.5, 900))
    equal = draw.random(900) < 1 / (1 + np.exp(2 * distance - 4))
    slope, intercept = fit_probability(distance, equal)
    same, different = equal.sum(), (~equal).sum()
    target = np.where(equal, (same + 1) / (same + 2), 1 / (different + 2))
    weight = np.where(equal, 0.5 / same, 0.5 / different) * 900
    regression = LogisticRegression(C=1e6, tol=1e-10, max_iter=1000).fit(
        np.tile(distance, 2)[:, None],
        np.repeat([1, 0], 900),
        sample_weight=np.concatenate([weight * target, weight * (1 - target)]),
    )
    assert slope == pytest.approx(-regression.coef_[0, 0], rel=1e-4)
    assert intercept == pytest.approx(regression.intercept_[0], rel=1e-4)


def test_how_many_pairs_there_are_of_either_kind_plays_no_part():
    random = np.random.default_rng(2)
    near, far = random.normal(1, 1, 500), random.normal(3, 1, 5000)
    few = fit_probability(np.r_[near, far], np.r_[np.ones(500, bool), np.zeros(5000, bool)])
    many = fit_probability(np.r_[np.tile(near, 10), far], np.arange(10000) < 5000)
    assert few == pytest.approx(many, rel=0.02)
    assert few[1] / few[0] == pytest.approx(2, abs=0.1)  # halfway between the two


def test_pairs_that_a_distance_parts_give_a_finite_curve():
    distance = np.r_[np.linspace(0, 1, 30), np.linspace(3, 4, 30)]
    slope, intercept = fit_probability(distance, distance < 2)
    assert 0 < slope < 50
    assert intercept / slope == pytest.approx(2, abs=0.05)


def test_a_distance_that_says_the_contrary_says_nothing(bundle, clouds):
    assert fit_probability(np.r_[np.full(9, 5.0), np.ones(9)], np.arange(18) < 9) == (0.0, 0.0)
    assert replace(Comparator.of(clouds), slope=0.0, intercept=0.0).probability(7) == 0.5


@pytest.mark.parametrize(
    ("same", "different", "threshold", "rate"),
    [([1, 2, 3], [5, 6, 7], 4.0, 0.0), ([1, 2, 6], [3, 7, 8], 4.5, 1 / 3), ([1, 1], [1, 1], 1.0, 0.5)],
)
def test_the_threshold_of_equal_errors(same, different, threshold, rate):
    distance = np.array([*same, *different], float)
    assert equal_error(distance, np.arange(len(distance)) < len(same)) == pytest.approx((threshold, rate))


def test_near_pieces_are_probably_of_one_label_and_far_ones_not(clouds):
    comparator = Comparator.of(clouds)
    assert (comparator.pieces, comparator.same, comparator.different) == (40, 2 * 190, 400)
    one, other = clouds.embeddings[:2], clouds.embeddings[20:22]
    assert comparator.distance(one, one) == 0
    assert comparator.distance(one, other) == pytest.approx(comparator.distance(other, one))
    assert comparator.probability(comparator.distance(one[:1], one[1:])) > 0.95
    assert comparator.probability(comparator.distance(one, other)) < 0.05
    falling = [comparator.probability(value) for value in (0, 1, 2, 4, 8, 1e9)]
    assert falling == sorted(falling, reverse=True)
    assert comparator.error_rate < 0.05


def test_it_measures_in_the_decisions_metric(clouds):
    """Where whitening blinds the first dimension, the labels cannot be told apart."""
    size = clouds.embeddings.shape[1]
    blind = np.eye(size)
    blind[0, 0] = 0
    comparator = Comparator.of(replace(clouds, decision=replace(clouds.decision, whitening=blind)))
    assert comparator.error_rate == pytest.approx(0.5, abs=0.08)
    assert comparator.probability(comparator.threshold) == pytest.approx(0.5, abs=0.1)


def test_a_voting_bundle_compares_scores(clouds):
    vote = FittedVote(["Ash", "Birch"], 1.0, False, 0.0, Rejection())
    scores = np.where(np.arange(40)[:, None] < 20, [5.0, 0.0], [0.0, 5.0])
    scores += np.random.default_rng(0).standard_normal(scores.shape)
    comparator = Comparator.of(replace(clouds, decision=vote, embeddings=scores.astype(np.float32)))
    assert comparator.distance(np.array([[5.0, 0.0]]), np.array([[2.0, 4.0]])) == 5.0
    assert comparator.probability(0) > 0.9 > 0.1 > comparator.probability(7)


def test_two_loads_give_the_same(clouds, tmp_path):
    from earmark.bundle import Bundle

    clouds.save(tmp_path)
    one, other = (Comparator.of(Bundle.load(tmp_path)) for _ in range(2))
    assert (one.slope, one.intercept, one.threshold) == (other.slope, other.intercept, other.threshold)


def test_pieces_of_one_work_make_no_pair(clouds):
    labels = list(clouds.references["label"])
    works = [f"work {number // 2}" for number in range(40)]
    comparator = Comparator.of(with_pieces(clouds, clouds.embeddings, labels, works))
    assert (comparator.same, comparator.different) == (2 * 190 - 20, 400)
    works_unknown = Comparator.of(with_pieces(clouds, clouds.embeddings, labels, [""] * 40))
    assert works_unknown.same == 2 * 190


def test_of_very_many_pieces_some_of_every_label_are_taken(clouds, monkeypatch):
    monkeypatch.setattr(compare, "MOST_PIECES", 10)
    comparator = Comparator.of(clouds)
    assert (comparator.pieces, comparator.same, comparator.different) == (10, 20, 25)


@pytest.mark.parametrize("labels", [["Ash", "Ash"], ["Ash", "Birch"], ["Ash"]])
def test_without_pairs_of_both_kinds_nothing_can_be_said(bundle, labels):
    few = with_pieces(bundle, bundle.embeddings[: len(labels)], labels)
    with pytest.raises(EarmarkError, match="cannot compare"):
        Comparator.of(few)
