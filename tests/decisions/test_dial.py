"""The dial: shares of known pieces that it accepts, what it expects, and how likely a piece is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.decisions.dial import STRICTNESS, Dial, check_strictness, fit_dial
from earmark.foundation.errors import EarmarkError

KNOWN = np.linspace(0.5, 1.5, 101)
RIGHT = KNOWN < 1.4
STRANGERS = np.linspace(1.2, 3.0, 40)


@pytest.fixture
def dial():
    return fit_dial(KNOWN, RIGHT, STRANGERS)


def test_each_position_accepts_its_share(dial):
    for strictness, share in STRICTNESS.items():
        assert (dial.threshold(strictness) >= KNOWN).mean() == pytest.approx(share, abs=0.01)
    assert np.allclose(dial.coverage, list(STRICTNESS.values()), atol=0.01)


def test_risk_and_rejection_are_those_of_the_pieces(dial):
    for place, threshold in enumerate(dial.thresholds):
        accepted = threshold >= KNOWN
        assert dial.risk[place] == pytest.approx((~RIGHT[accepted]).mean())
        assert dial.rejected[place] == pytest.approx((threshold < STRANGERS).mean())
    assert dial.risk[0] == 0 < dial.risk[2]
    known, other = dial.expectation("eager").split("; ")
    assert known == f"eager: about 97% of known music is answered, {dial.risk[2]:.0%} of that wrongly"
    assert other == f"of music like the strangers it was set by {dial.rejected[2]:.0%} is called unknown"


def test_percentiles_are_of_known_pieces(dial):
    assert (dial.percentile(0.1), dial.percentile(1.0), dial.percentile(9.0)) == (0, pytest.approx(50), 100)


@given(st.lists(st.floats(1e-3, 50), min_size=2, max_size=9))
def test_the_probability_of_being_known_falls(distances):
    dial = fit_dial(KNOWN, RIGHT, STRANGERS)
    ordered = [dial.p_known(distance) for distance in sorted(distances)]
    assert ordered == sorted(ordered, reverse=True)
    assert all(0 <= value <= 1 for value in ordered)


def test_near_pieces_are_likely_known_and_far_ones_are_not(dial):
    assert dial.p_known(0.6) > 0.9
    assert dial.p_known(2.5) < 0.1


def test_without_strangers_it_is_the_tail_of_the_known_pieces():
    dial = fit_dial(KNOWN, RIGHT, np.array([]))
    assert np.isnan(dial.rejected).all()
    assert dial.p_known(1.0) == pytest.approx(0.5)
    assert dial.p_known(9.0) == 0
    assert "other music" not in dial.expectation("strict")


def test_strangers_that_lie_nearer_do_not_turn_the_probability_around():
    assert np.isnan(fit_dial(KNOWN, RIGHT, np.linspace(0.1, 0.6, 30)).odds).all()


def test_it_comes_back_from_its_arrays(dial):
    restored = Dial.restore(dial.arrays())
    for name, value in vars(dial).items():
        assert np.array_equal(getattr(restored, name), value, equal_nan=True), name
    assert Dial.restore({"prototypes": np.zeros(1)}) is None


def test_a_position_that_is_none(dial):
    with pytest.raises(EarmarkError, match="strictness=lax is none of strict, balanced, eager"):
        dial.threshold("lax")
    with pytest.raises(ValueError, match="strictness=lax"):
        check_strictness("lax")
