"""Rejection: thresholds that hold their target, and the three conditions of a label."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

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


@settings(deadline=None, max_examples=100)
@given(distances=st.lists(st.integers(0, 9), min_size=1, max_size=30), target=st.floats(0.01, 0.99))
@example(distances=[1] * 10 + [2] * 10, target=0.5)
@example(distances=[1] * 20, target=0.99)
def test_no_more_strangers_pass_than_the_target_even_where_distances_are_tied(distances, target):
    values = np.array(distances, dtype=float)
    threshold = threshold_of(np.array([3.0]), values, target)
    passing = np.mean(values <= threshold)
    assert passing <= target
    # It is the largest such threshold: at the next distance too many are accepted.
    above = values[values > threshold].min()
    assert np.mean(values <= above) > target


def test_without_strangers_95_percent_of_the_known_pass():
    known = np.arange(100.0)
    assert np.mean(known <= threshold_of(known, np.array([]), 0.01)) == 0.95
    assert threshold_of(known, np.array([]), 0.01) == threshold_of(known, np.array([]), 0.9)


def test_known_pieces_do_not_count_where_strangers_are_given():
    strangers = np.arange(10.0)
    one, other = (threshold_of(known, strangers, 0.2) for known in (np.zeros(3), np.full(3, 99.0)))
    assert one == other


@pytest.mark.parametrize("strangers", [[], [1.0, 2.0]])
def test_null_for_a_target_is_no_threshold(strangers):
    assert threshold_of(np.ones(3), np.array(strangers), None) == np.inf


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((0.0, 0, 0), "target_fpr=0 must lie between 0 and 1"),
        ((1.0, 0, 0), "target_fpr=1 must lie between 0 and 1"),
        ((None, -0.1, 0), "min_confidence=-0.1 must lie within 0 and 1"),
        ((None, 0, 1.1), "min_share=1.1 must lie within 0 and 1"),
    ],
)
def test_what_is_no_probability_is_named(values, message):
    with pytest.raises(ValueError, match=message):
        check_rejection(*values)


@pytest.mark.parametrize("values", [(None, 0, 0), (0.5, 1, 1)])
def test_the_edges_pass(values):
    check_rejection(*values)


def test_a_share_that_floats_cannot_hold_is_met_exactly():
    strangers = np.arange(100.0)
    assert (strangers <= threshold_of(np.zeros(1), strangers, 0.29)).sum() == 29
