"""Instrumentation: shares of the sounding time, and how many families there are."""

import numpy as np
import pytest

from earmark.features.notes import FAMILIES
from earmark.models.notes.instrumentation import INSTRUMENTATION, instrumentation


def test_shares_of_the_sounding_time_by_their_roots():
    sounding = np.zeros((FAMILIES, 400))
    sounding[5, :300] = sounding[9, :100] = 1
    given = instrumentation(sounding)
    assert given.shape == (INSTRUMENTATION,)
    assert given[[5, 9]] == pytest.approx(np.sqrt([0.75, 0.25]))
    assert np.square(given[:-1]).sum() == pytest.approx(1)
    assert given[-1] == 2 / 4


def test_silence_has_no_instruments():
    assert not instrumentation(np.zeros((FAMILIES, 10))).any()
