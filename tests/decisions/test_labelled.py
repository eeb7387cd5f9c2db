"""Taking pieces, and numbering their labels."""

import numpy as np
import pytest

from earmark.decisions.labelled import label_numbers, rows_of


def test_rows_take_clips_labels_and_works_together_in_the_order_asked_for(labelled):
    pieces = labelled([np.full((2, 3), row) for row in range(4)], "ABCD", ["w", "x", "y", "z"])
    for indices in ([2, 0], np.array([2, 0])):
        rows = rows_of(pieces, indices)
        assert [clips[0, 0] for clips in rows.clips] == [2, 0]
        assert (rows.labels, rows.works) == (["C", "A"], ["y", "w"])
    assert len(rows_of(pieces, np.array([], dtype=int))) == 0


def test_label_numbers_are_places_among_the_labels():
    numbers = label_numbers(["Birch", "Ash", "Birch"], ["Ash", "Birch", "Cedar"])
    assert numbers.tolist() == [1, 0, 1]
    assert label_numbers([], ["Ash"]).dtype == np.int64
    with pytest.raises(KeyError, match="Cedar"):
        label_numbers(["Cedar"], ["Ash"])
