"""A permutation test whose p values can be counted by hand, or by another test."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from earmark.evaluation.metric_table import metric_named
from earmark.evaluation.permutation import DRAWS, holm, paired_p, sign_flip_p

ACCURACY, AUROC, EER = map(metric_named, ("closed_set.accuracy", "open_set.auroc", "verification.eer"))


def table(values, works, genuine=None):
    """Observations of one fold, a piece each."""
    rows = {"piece_id": [f"p{index:03}" for index in range(len(values))], "group": list(map(str, works))}
    rows |= {"value": np.asarray(values, float), "label": "Ash", "fold": "0"}
    return pd.DataFrame(rows | ({} if genuine is None else {"genuine": np.asarray(genuine, bool)}))


def p_of(difference, works):
    """Of accuracies that differ by this much."""
    return paired_p(ACCURACY, table(difference, works), table(np.zeros(len(difference)), works))


def test_works_that_all_speak_for_one_side_give_the_smallest_p():
    # Of 2 ** 5 sign patterns two are as extreme: all plus, all minus.
    assert p_of(np.ones(5), "abcde") == 2 / 32


def test_no_difference_is_p_1():
    assert p_of(np.zeros(4), "abcd") == 1.0
    assert p_of([], []) == 1.0
    assert p_of([1.0, -1.0], "ab") == 1.0


def test_pieces_of_one_work_are_one_observation():
    assert (p_of(np.ones(6), "abcdef"), p_of(np.ones(6), "aabbcc")) == (2 / 64, 2 / 8)
    assert p_of(np.ones(9), "a" * 9) == 1.0
    # Within a work differences cancel: it does not differ, and does not count.
    assert p_of([1, -1, 1, 1.0], "aabc") == 2 / 4


@settings(deadline=None, max_examples=25)
@given(st.lists(st.floats(-1, 1).map(lambda value: round(value, 3)), min_size=1, max_size=8))
def test_exact_p_values_count_sign_patterns(differences):
    values = np.array(differences)
    values = values[values != 0]
    signs = 1 - 2 * (np.arange(2 ** len(values))[:, None] >> np.arange(len(values)) & 1)
    extreme = np.abs(signs @ values) >= abs(values.sum()) - 1e-12
    assert sign_flip_p(np.array(differences)) == pytest.approx(extreme.mean() if len(values) else 1.0)
    assert sign_flip_p(-np.array(differences)) == pytest.approx(sign_flip_p(np.array(differences)))


def test_with_many_works_it_is_drawn_near_the_exact_value_and_never_0():
    assert sign_flip_p(np.ones(200)) == 2 / (DRAWS + 1)
    votes = np.array([1.0] * 13 + [-1.0] * 7)  # 13 of 20 equal votes: the binomial sign test
    assert sign_flip_p(votes) == pytest.approx(binomtest(13, 20).pvalue, abs=0.015)
    assert sign_flip_p(votes, seed=3) == sign_flip_p(votes, seed=3)


def test_under_the_null_p_values_are_valid():
    random = np.random.default_rng(3)
    p_values = [sign_flip_p(random.normal(size=8)) for _ in range(200)]
    assert np.mean(np.array(p_values) <= 0.05) <= 0.08
    assert 0.4 < np.mean(p_values) < 0.6


@pytest.mark.parametrize("metric", [AUROC, EER])
def test_a_metric_of_ranks_is_tested_by_swapping_works(metric):
    """A system that knows against one that guesses; and against itself."""
    random = np.random.default_rng(0)
    genuine = np.arange(60) % 2 == 0
    works = np.arange(60) // 6
    good = table(genuine + random.normal(0, 0.3, 60), works, genuine)
    guess = table(random.normal(0, 1, 60), works, genuine)
    p = paired_p(metric, good, guess)  # of all 2¹⁰ swaps
    assert 2 / 2**10 <= p < 0.01
    assert paired_p(metric, guess, good) == p
    assert paired_p(metric, good, good) == 1.0


def test_swapping_one_work_of_two_is_exact_by_hand():
    """Two works of a true and a false claim each: one system has both right, the other both wrong."""
    genuine, works = [True, False, True, False], [0, 0, 1, 1]
    right, wrong = table([1, 0, 1, 0], works, genuine), table([0, 1, 0, 1], works, genuine)
    # Differences of the areas: 1 as observed, 0 with one work swapped (twice), -1 with both.
    assert paired_p(AUROC, right, wrong) == 2 / 4


def test_holm_step_by_step():
    # Holm 1979: 3 × 0.01, 2 × 0.02, and never less than the one before.
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.03]) == [0.03]
    assert holm([]) == []
