"""Weights of the evidence: what tells strangers counts more, nothing counts against itself."""

import numpy as np
import pytest

from earmark.decisions.evidence_weights import fit_weights


def evidence(seed, known=60, strangers=40, apart=(3.0, 0.0, 0.0)):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1, (known, 3)), rng.normal(0, 1, (strangers, 3)) - np.array(apart)


@pytest.mark.parametrize("telling", range(3))
def test_the_evidence_that_tells_strangers_counts_most(telling):
    apart = np.zeros(3)
    apart[telling] = 3.0
    weights = fit_weights(*evidence(telling, apart=apart))
    assert weights.argmax() == telling
    assert weights.sum() == pytest.approx(1)
    assert weights.min() >= 0


def test_evidence_that_misleads_is_not_turned_round():
    weights = fit_weights(*evidence(1, apart=(3.0, 0.0, -3.0)))
    assert weights[2] >= 0
    assert weights[0] > weights[1] > weights[2]


def test_alike_evidence_is_weighed_alike():
    weights = fit_weights(*evidence(2, known=4000, strangers=4000, apart=(1.0, 1.0, 1.0)))
    assert weights == pytest.approx(np.full(3, 1 / 3), abs=0.03)


@pytest.mark.parametrize(("known", "strangers"), [(0, 5), (5, 0), (0, 0)])
def test_without_pieces_all_count_alike(known, strangers):
    assert fit_weights(*evidence(3, known, strangers)) == pytest.approx(np.full(3, 1 / 3))


def test_all_kinds_keep_a_say():
    """Of few strangers, far away in one respect, the other evidence is not given up."""
    assert fit_weights(*evidence(4, strangers=3, apart=(20.0, 0.0, 0.0))).min() > 0.1
