"""The nearest piece of another work, against a loop."""

import numpy as np
import pytest

from earmark.evaluation import neighbours
from earmark.evaluation.neighbours import nearest_of_other_works


@pytest.mark.parametrize("block", [1, 7, 256])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_is_what_a_loop_finds(monkeypatch, block, dtype):
    monkeypatch.setattr(neighbours, "BLOCK", block)
    random = np.random.default_rng(0)
    queries, references = (
        random.normal(5, 1, (20, 3)).astype(dtype),
        random.normal(5, 1, (31, 3)).astype(dtype),
    )
    query_works, reference_works = (
        random.integers(4, size=20).astype(str),
        random.integers(4, size=31).astype(str),
    )
    nearest, distance = nearest_of_other_works(queries, references, query_works, reference_works)
    for query, work, row, found in zip(queries, query_works, nearest, distance, strict=True):
        distances = np.linalg.norm(references.astype(float) - query, axis=1)
        distances[reference_works == work] = np.inf
        assert row == distances.argmin()
        assert found == pytest.approx(distances.min(), abs=1e-6)


def test_an_equal_piece_of_another_work_is_at_no_distance():
    point = np.array([[1e3, 1e-3]])
    nearest, distance = nearest_of_other_works(point, np.vstack([point + 1e-6, point]), ["a"], ["b", "c"])
    assert (nearest.tolist(), distance.tolist()) == ([1], [0.0])


def test_where_all_are_of_its_own_work_none_is_near():
    _, distance = nearest_of_other_works(np.zeros((1, 2)), np.ones((2, 2)), ["a"], ["a", "a"])
    assert distance.tolist() == [np.inf]
