"""Statistics of several parts: each sees its rows, and is fitted, kept and restored as if it were alone."""

import numpy as np
import pytest

from earmark.models.joint_statistics import JointStatistics
from earmark.models.row_parts import RowParts
from earmark.models.timbre_statistics import TimbreStatistics

TIMBRE = "earmark.models.timbre_statistics.TimbreStatistics"


def part(bands, channels=1, features=0):
    settings = {"coefficients": 4, "kernel_features": features, "kernel_gamma": 1.0}
    return {"channels": channels, "bands": bands, "model": {"_target_": TIMBRE, **settings}}


@pytest.fixture
def clips(rng):
    return rng.normal(0, 1, (6, 1, 8 + 2 * 5, 30)).astype(np.float32)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_rows_come_back_as_they_were(rng):
    parts = [rng.random((3, 1, 8, 4)), rng.random((3, 2, 5, 4))]
    rows = np.concatenate([one.reshape(3, -1, 4) for one in parts], axis=1)[:, None]
    given = RowParts(1, 18, 4, [part(8), part(5, channels=2)]).of(rows)
    for one, back in zip(parts, given, strict=True):
        np.testing.assert_array_equal(one, back)


def test_each_part_is_as_if_it_were_alone(clips):
    joint = JointStatistics(1, 18, 30, [part(8), part(5, channels=2, features=7)])
    alone = [TimbreStatistics(1, 8, 30, 4), TimbreStatistics(2, 5, 30, 4, 7)]
    rows = [clips[:, :, :8], clips[:, 0, 8:].reshape(6, 2, 5, 30)]
    for model, given in (joint, clips), *zip(alone, rows, strict=True):
        model.fit(model.summarise(given), np.zeros(6, int), np.ones(6), seed=3)
    both = np.concatenate([model.forward(given) for model, given in zip(alone, rows, strict=True)], axis=1)
    np.testing.assert_allclose(joint.forward(clips), both, rtol=1e-6)
    again = JointStatistics(1, 18, 30, [part(8), part(5, channels=2, features=7)])
    again.load(joint.arrays())
    np.testing.assert_array_equal(again.forward(clips), joint.forward(clips))


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"have 8 rows, and the features 1 x 18"):
        JointStatistics(1, 18, 30, [part(8)])
    with pytest.raises(ValueError, match="each needs bands, channels, model"):
        JointStatistics(1, 8, 30, [{"bands": 8}])
    forest = {"_target_": "earmark.models.logistic.LogisticDescriptors"}
    with pytest.raises(Exception, match=r"model\.parts"):
        JointStatistics(1, 8, 30, [{"channels": 1, "bands": 8, "model": forest}])
