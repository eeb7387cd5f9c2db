"""Softmax, and the temperature that calibrates it."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from earmark.decisions.calibration import fit_temperature, softmax


def test_softmax_is_that_of_its_definition_along_the_last_axis():
    values = np.log([[1.0, 3.0], [2.0, 2.0], [1.0, 1e-12]])
    expected = [[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]]
    assert softmax(values) == pytest.approx(np.array(expected), abs=1e-9)
    assert softmax(values[None]).shape == (1, 3, 2)


@settings(deadline=None, max_examples=50)
@given(values=st.lists(st.floats(-50, 50), min_size=1, max_size=6), shift=st.floats(-1e4, 1e4))
def test_softmax_depends_on_differences_alone_and_does_not_overflow(values, shift):
    probabilities = softmax(np.array(values))
    assert probabilities.sum() == pytest.approx(1)
    assert softmax(np.array(values) + shift) == pytest.approx(probabilities, abs=1e-9)
    assert (np.diff(probabilities[np.argsort(values)]) >= 0).all()


@settings(deadline=None, max_examples=30)
@given(right=st.floats(0.6, 0.95), unit=st.floats(0.01, 100))
@example(right=0.75, unit=30.0)
def test_confidence_becomes_the_share_that_is_right(right, unit):
    """Scores of one unit of difference, of which a known share is right: the best odds are those."""
    scores = unit * np.tile([1.0, 0.0], (1000, 1))
    truth = (np.arange(1000) >= 1000 * right).astype(int)
    share = (truth == 0).mean()
    temperature = fit_temperature(lambda value: softmax(scores / value), truth, unit)
    assert softmax(scores / temperature)[0, 0] == pytest.approx(share, abs=0.02)
    assert temperature == pytest.approx(unit / np.log(share / (1 - share)), rel=0.02)


def test_the_temperature_stays_on_the_grid():
    truth = np.zeros(4, dtype=int)
    sure, wrong = (np.tile(row, (4, 1)) for row in ([1.0, 0.0], [0.0, 1.0]))
    # At 0.005 everything is certain; all lower losses are alike and the first is taken.
    assert fit_temperature(lambda value: softmax(sure / value), truth, unit=2.0) == pytest.approx(0.01)
    assert fit_temperature(lambda value: softmax(wrong / value), truth, unit=2.0) == pytest.approx(10.0)
