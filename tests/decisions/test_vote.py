"""Clips vote: how votes are counted, which clips abstain, and when a piece is unknown."""

from dataclasses import replace

import numpy as np
import pytest

from earmark.decisions.rejection import UNKNOWN, Rejection
from earmark.decisions.vote import FittedVote, Vote

LABELS = ["Ash", "Birch", "Cedar"]


def scores(*probabilities):
    """Scores of which these are the softmax."""
    return np.log(np.array(probabilities, dtype=float))


def fitted_vote(weighted=False, least=0.0, **rejection):
    return FittedVote(LABELS, 1.0, weighted, least, Rejection(**rejection))


# Two clips are a little for Birch, one is very sure of Ash.
SPLIT = scores([0.98, 0.01, 0.01], [0.4, 0.5, 0.1], [0.3, 0.4, 0.3])


def test_majority_counts_clips_alike():
    fitted = fitted_vote()
    assert fitted.shares(SPLIT) == pytest.approx([1 / 3, 2 / 3, 0])
    prediction = fitted.predict(SPLIT)
    assert (prediction.label, prediction.nearest, prediction.share) == (
        "Birch",
        "Birch",
        pytest.approx(2 / 3),
    )
    # Confidence is the mean probability, and distance one minus it.
    assert prediction.confidence == pytest.approx((0.01 + 0.5 + 0.4) / 3)
    assert prediction.distances == pytest.approx(1 - np.array([1.68, 0.91, 0.41]) / 3)
    assert prediction.distance == pytest.approx(1 - prediction.confidence)


def test_confidence_counts_a_clip_by_how_sure_it_is():
    fitted = fitted_vote(weighted=True)
    assert fitted.shares(SPLIT) == pytest.approx([0.98 / 1.88, 0.9 / 1.88, 0])
    assert fitted.predict(SPLIT).label == "Ash"


def test_a_clip_that_is_not_sure_enough_abstains():
    assert fitted_vote(least=0.5 - 1e-9).shares(SPLIT) == pytest.approx([1 / 2, 1 / 2, 0])
    assert fitted_vote(least=0.6).shares(SPLIT) == pytest.approx([1, 0, 0])


def test_where_all_abstain_the_likeliest_is_named_and_the_piece_is_unknown():
    prediction = fitted_vote(least=0.99).predict(SPLIT)
    assert (prediction.label, prediction.nearest, prediction.share) == (UNKNOWN, "Ash", 0.0)


def test_a_tie_goes_to_the_likelier_of_the_two():
    tie = scores([0.6, 0.3, 0.1], [0.1, 0.8, 0.1])
    assert fitted_vote().predict(tie).nearest == "Birch"
    assert fitted_vote().predict(tie[::-1]).nearest == "Birch"
    # Cedar is likeliest on the whole, and no clip's choice.
    outvoted = scores([0.5, 0.04, 0.46], [0.04, 0.5, 0.46])
    assert fitted_vote().predict(outvoted).nearest == "Ash"


@pytest.mark.parametrize(
    ("rejection", "label"),
    [
        ({}, "Birch"),
        ({"min_share": 0.66}, "Birch"),
        ({"min_share": 0.7}, UNKNOWN),
        ({"min_confidence": 0.3}, "Birch"),
        ({"min_confidence": 0.31}, UNKNOWN),
        ({"threshold": 0.7}, "Birch"),
        ({"threshold": 0.69}, UNKNOWN),
    ],
)
def test_what_a_label_needs_beside_most_votes(rejection, label):
    prediction = fitted_vote(**rejection).predict(SPLIT)
    assert (prediction.label, prediction.nearest) == (label, "Birch")


def test_a_temperature_moves_probabilities_and_no_clips_choice():
    cold, hot = (replace(fitted_vote(), temperature=value) for value in (0.1, 10.0))
    for fitted in (cold, hot):
        assert fitted.clip_probabilities(SPLIT).sum(axis=1) == pytest.approx(np.ones(3))
        assert fitted.shares(SPLIT) == pytest.approx([1 / 3, 2 / 3, 0])
    assert cold.clip_probabilities(SPLIT).max() > 0.99
    assert hot.clip_probabilities(SPLIT).max() < 0.5


def test_scores_are_compared_as_they_are():
    assert fitted_vote().whitened(SPLIT) is SPLIT
    assert fitted_vote().arrays() == {}


@pytest.mark.parametrize("weighted", [False, True])
def test_it_comes_back_from_its_numbers(weighted):
    fitted = fitted_vote(weighted, 0.4, threshold=0.7, min_confidence=0.2, min_share=0.1)
    fitted = replace(fitted, temperature=0.37)
    assert FittedVote.restore(LABELS, fitted.arrays(), fitted.numbers()) == fitted


def pieces(count, seed, strength=3.0, clips=4):
    """`count` pieces a label: scores about one of `strength` for the right label, and their labels."""
    random = np.random.default_rng(seed)
    embeddings = [
        strength * np.eye(3)[label] + random.standard_normal((clips, 3))
        for label in range(3)
        for _ in range(count)
    ]
    return embeddings, list(np.repeat(LABELS, count))


@pytest.fixture
def fit(labelled):
    """Fits a decision on pieces of three labels; the fitted one and the validation pieces."""

    def on_pieces(decision, strangers=(), strength=3.0):
        train, validation = (labelled(*pieces(count, seed, strength)) for seed, count in ((0, 4), (1, 10)))
        return decision.fit(LABELS, train, validation, list(strangers)), validation

    return on_pieces


@pytest.mark.parametrize("scale", [0.1, 1.0, 20.0])
def test_the_temperature_makes_confidence_match_accuracy_whatever_the_scores_unit(labelled, scale):
    right = [scale * np.array([[1.0, 0.0, -9.0]])] * 40
    labels = ["Ash"] * 30 + ["Birch"] * 10  # a quarter is wrong
    fitted = Vote("majority").fit(LABELS, labelled(right[:3], LABELS), labelled(right, labels), [])
    assert fitted.predict(right[0]).confidence == pytest.approx(0.75, abs=0.02)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_no_more_calibration_strangers_pass_than_the_target(fit, share):
    random = np.random.default_rng(5)
    strangers = [random.standard_normal((4, 3)) for _ in range(40)]
    fitted, _ = fit(Vote("confidence", target_fpr=share), strangers)
    accepted = np.mean([fitted.predict(piece).label != UNKNOWN for piece in strangers])
    assert share - 1 / 40 <= accepted <= share


def test_settings_go_into_what_is_fitted(fit):
    fitted, validation = fit(Vote("confidence", 0.3, min_share=0.4, min_confidence=0.2))
    assert (fitted.confidence_weighted, fitted.min_clip_confidence) == (True, 0.3)
    assert fitted.rejection == Rejection(np.inf, 0.2, 0.4)
    assert [fitted.predict(piece).nearest for piece in validation.clips] == validation.labels
    assert not fit(Vote("majority"))[0].confidence_weighted


def test_held_out_distances_are_those_of_the_fitted_decision(labelled):
    decision = Vote("majority", target_fpr=0.2)
    train, validation = labelled(*pieces(4, 0)), labelled(*pieces(5, 1))
    fitted = decision.fit(LABELS, train, validation, [np.zeros((2, 3))])
    distances = decision.held_out(LABELS, train, validation)
    assert distances == pytest.approx(np.stack([fitted.distances(piece) for piece in validation.clips]))
    assert distances.shape == (15, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weighting": "loudest"}, "weighting=loudest is none of majority, confidence"),
        ({"weighting": "majority", "min_clip_confidence": 1.0}, "min_clip_confidence=1 must lie"),
        ({"weighting": "majority", "min_clip_confidence": -0.1}, "min_clip_confidence=-0.1"),
        ({"weighting": "majority", "min_share": 2}, "min_share=2"),
        ({"weighting": "majority", "target_fpr": 1}, "target_fpr=1"),
    ],
)
def test_settings_that_cannot_work_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        Vote(**settings)
