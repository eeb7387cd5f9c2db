"""Draws for tests: of one seed, or of numbers that a test states."""

import numpy as np
import pytest

from earmark.learning.dataset.draws import USES, Draws


@pytest.fixture
def draw():
    """Draws of these pieces from a seed; keywords fix the numbers of a use, within [0, 1)."""

    def make(pieces, seed=0, **fixed):
        numbers = np.random.default_rng(seed).random((len(pieces), len(USES)))
        for use, values in fixed.items():
            numbers[:, USES.index(use)] = values
        return Draws(np.asarray(pieces, dtype=np.int64), numbers)

    return make
