"""A permutation test whose p values can be counted by hand, or by another library."""

import numpy as np
import pytest
from scipy.stats import permutation_test

from earmark.experiments.leaderboard.paired_test import holm, sign_flip_test


def test_works_that_all_speak_for_one_side_give_the_smallest_p():
    # Of 2 ** 5 sign patterns two are as extreme: all plus, all minus.
    assert sign_flip_test(np.ones(5), list("abcde")) == 2 / 32


def test_no_difference_is_p_1():
    assert sign_flip_test(np.zeros(4), list("abcd")) == 1.0
    assert sign_flip_test(np.zeros(0), []) == 1.0
    assert sign_flip_test(np.array([1.0, -1.0]), ["a", "b"]) == 1.0


def test_pieces_of_one_work_are_one_observation():
    alone = sign_flip_test(np.ones(6), list("abcdef"))
    movements = sign_flip_test(np.ones(6), list("aabbcc"))
    assert (alone, movements) == (2 / 64, 2 / 8)
    assert sign_flip_test(np.ones(9), ["one"] * 9) == 1.0
    # Within a work differences cancel: it does not differ, and does not count.
    assert sign_flip_test(np.array([1, -1, 1, 1.0]), list("aabc")) == 2 / 4


def test_the_sides_may_be_exchanged():
    difference = np.array([0.3, -0.1, 0.2, 0.05, -0.2])
    assert sign_flip_test(difference, range(5)) == sign_flip_test(-difference, range(5))


@pytest.mark.parametrize("count", [6, 14])
def test_exact_p_values_are_scipys(count):
    random = np.random.default_rng(count)
    difference = random.normal(0.3, 1, count)
    peer = permutation_test(
        (difference,), np.sum, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    assert sign_flip_test(difference, range(count)) == pytest.approx(peer.pvalue, abs=1e-12)


def test_with_many_works_it_is_drawn_near_the_exact_value_and_never_0():
    assert sign_flip_test(np.ones(200), range(200)) == 1 / 10001
    # 13 of 20 equal votes: the binomial sign test
    from scipy.stats import binomtest

    votes = np.array([1.0] * 13 + [-1.0] * 7)
    assert sign_flip_test(votes, range(20)) == pytest.approx(binomtest(13, 20).pvalue, abs=0.015)
    assert sign_flip_test(votes, range(20)) == sign_flip_test(votes, range(20))


def test_under_the_null_p_values_are_valid():
    random = np.random.default_rng(3)
    found = [sign_flip_test(random.normal(size=24), np.repeat(range(8), 3)) for _ in range(400)]
    assert np.mean(np.array(found) <= 0.05) <= 0.08
    assert 0.4 < np.mean(found) < 0.6


def test_holm_step_by_step():
    # Holm 1979: 3 × 0.01, 2 × 0.02, and never less than the one before.
    assert holm([0.04, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.03]) == [0.03]
    assert holm([]) == []
