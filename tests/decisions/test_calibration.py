"""Softmax and the one temperature that makes probabilities mean what they say."""

import numpy as np
import pytest

from earmark.decisions.calibration import fit_temperature, softmax


def test_softmax_is_that_of_its_definition_along_the_last_axis():
    values = np.log([[1.0, 3.0], [2.0, 2.0], [1.0, 1e-12]])
    expected = [[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]]
    assert softmax(values) == pytest.approx(np.array(expected), abs=1e-9)
    assert softmax(values[None]).shape == (1, 3, 2)


@pytest.mark.parametrize("shift", [-1e4, 1e4])
def test_softmax_knows_differences_only_and_does_not_overflow(shift):
    values = np.array([1.0, 2.0, 4.0])
    assert softmax(values + shift) == pytest.approx(softmax(values))


@pytest.mark.parametrize("unit", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("right", [0.6, 0.75, 0.9])
def test_confidence_becomes_the_share_that_is_right(right, unit):
    """Scores of one unit of difference, of which a known share is right: the best odds are those."""
    scores = unit * np.tile([1.0, 0.0], (1000, 1))
    truth = (np.arange(1000) >= 1000 * right).astype(int)
    found = fit_temperature(lambda value: softmax(scores / value), truth, unit)
    assert softmax(scores / found)[0, 0] == pytest.approx(right, abs=0.02)
    assert found == pytest.approx(unit / np.log(right / (1 - right)), rel=0.02)


def test_the_temperature_stays_on_the_grid():
    truth = np.zeros(4, dtype=int)
    sure, wrong = (np.tile(row, (4, 1)) for row in ([1.0, 0.0], [0.0, 1.0]))
    # At 0.005 everything is certain; all lower losses are alike and the first is taken.
    assert fit_temperature(lambda value: softmax(sure / value), truth, unit=2.0) == pytest.approx(0.01)
    assert fit_temperature(lambda value: softmax(wrong / value), truth, unit=2.0) == pytest.approx(10.0)
