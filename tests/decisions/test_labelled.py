"""Taking pieces, and numbering their labels."""

from dataclasses import replace

import numpy as np
import pytest

from earmark.decisions.labelled import joined, label_numbers, piece_weights, rows_of


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


def test_what_is_a_rendering_goes_with_its_piece(labelled):
    plain = labelled([np.zeros((2, 3))] * 2, "AB", ["w", "x"])
    heard = labelled([np.ones((2, 3))], "A", ["w"])
    heard = replace(heard, renderings=[True])
    both = joined(plain, heard)
    assert (list(both.labels), list(both.works)) == (["A", "B", "A"], ["w", "x", "w"])
    assert piece_weights(both, 0.3).tolist() == [1.0, 1.0, 0.3]
    assert piece_weights(rows_of(both, [2, 0]), 0.3).tolist() == [0.3, 1.0]
    assert piece_weights(joined(plain, plain), 0.3).tolist() == [1.0] * 4
