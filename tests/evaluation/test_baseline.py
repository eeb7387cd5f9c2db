"""The baseline: averages of features, and a line for a piece that cannot be read."""

import numpy as np
import pytest

from earmark.evaluation.baseline import averages, baseline_table
from earmark.foundation.errors import EarmarkError


def test_mean_deviation_and_change_of_every_row():
    piece = np.array([[[0, 2, 0, 2], [1, 1, 1, 1]]], np.float16)
    assert averages(piece).tolist() == [1, 1, 1, 0, 2, 0]


def test_of_one_frame_nothing_changes():
    assert averages(np.ones((2, 3, 1), np.float16)).tolist() == [1] * 6 + [0] * 12


def test_a_row_a_piece_by_its_name(tmp_path):
    for name, level in (("a", 1.0), ("b", 3.0)):
        np.save(tmp_path / f"{name}.npy", np.full((1, 2, 5), level, np.float16))
    table = baseline_table(tmp_path, ["b", "a"])
    assert list(table.index) == ["b", "a"]
    assert table.loc["b"].tolist() == [3, 3, 0, 0, 0, 0]


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(EarmarkError, match=r"a\.npy cannot be read: run dvc repro features"):
        baseline_table(tmp_path, ["a"])
