"""When nothing should be said: thresholds that keep their promise, alike for every kind of model."""

import numpy as np
import pytest

from earmark.decisions.rejection import Rejection, check_rejection, threshold_of


@pytest.mark.parametrize(
    ("distance", "confidence", "share", "accepted"),
    [
        (1.0, 0.5, 0.6, True),  # on all three edges
        (np.nextafter(1.0, 2), 0.5, 0.6, False),
        (1.0, np.nextafter(0.5, 0), 0.6, False),
        (1.0, 0.5, np.nextafter(0.6, 0), False),
        (0.0, 1.0, 1.0, True),
    ],
)
def test_a_piece_needs_all_three(distance, confidence, share, accepted):
    assert Rejection(1.0, 0.5, 0.6).accepts(distance, confidence, share) == accepted


def test_nothing_is_rejected_unless_asked():
    assert Rejection().accepts(1e9, 0.0, 0.0)


@pytest.mark.parametrize("values", [np.arange(20.0), np.repeat([1.0, 2.0], 10), np.ones(20)])
@pytest.mark.parametrize("target", [0.01, 0.05, 0.2, 0.5, 0.99])
def test_no_more_strangers_pass_than_the_target_even_where_distances_are_tied(values, target):
    threshold = threshold_of(np.array([3.0]), values, target)
    passing = np.mean(values <= threshold)
    assert passing <= target
    # It is the largest such threshold: the next distance lets too many in.
    above = values[values > threshold].min()
    assert np.mean(values <= above) > target


def test_without_strangers_95_percent_of_the_known_pass():
    known = np.arange(100.0)
    assert np.mean(known <= threshold_of(known, np.array([]), 0.01)) == 0.95
    assert threshold_of(known, np.array([]), 0.01) == threshold_of(known, np.array([]), 0.9)


def test_known_pieces_say_nothing_where_there_are_strangers():
    strangers = np.arange(10.0)
    one, other = (threshold_of(known, strangers, 0.2) for known in (np.zeros(3), np.full(3, 99.0)))
    assert one == other


@pytest.mark.parametrize("strangers", [[], [1.0, 2.0]])
def test_null_for_a_target_is_no_threshold(strangers):
    assert threshold_of(np.ones(3), np.array(strangers), None) == np.inf


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ((0.0, 0, 0), "target_fpr=0 must lie between 0 and 1"),
        ((1.0, 0, 0), "target_fpr=1 must lie between 0 and 1"),
        ((None, -0.1, 0), "min_confidence=-0.1 must lie within 0 and 1"),
        ((None, 0, 1.1), "min_share=1.1 must lie within 0 and 1"),
    ],
)
def test_what_is_no_probability_is_named(settings, said):
    with pytest.raises(ValueError, match=said):
        check_rejection(*settings)


@pytest.mark.parametrize("settings", [(None, 0, 0), (0.5, 1, 1), (0.01, 0.5, 0.5)])
def test_the_edges_pass(settings):
    check_rejection(*settings)
