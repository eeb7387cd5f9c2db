"""What ends a note: its note-off, one in another track, its key struck again."""

import numpy as np
import pytest

from earmark.music.midi.pairs import note_pairs
from earmark.music.midi.smf import NOTE_OFF, NOTE_ON, Events


def events(*rows):
    """Events of (time_s, kind, pitch, track), on one channel."""
    time_s, kind, pitch, track = zip(*rows, strict=True)
    count = len(rows)
    return Events(
        np.array(time_s, np.float64),
        np.zeros(count, np.int16),
        np.array([NOTE_ON if each == "+" else NOTE_OFF for each in kind], np.uint8),
        np.array(pitch, np.uint8),
        np.full(count, 80, np.uint8),
        np.array(track, np.int16),
    )


def one_key(kinds):
    return events(*((float(place), kind, 60, 0) for place, kind in enumerate(kinds)))


@pytest.mark.parametrize(
    ("kinds", "pairs"),
    [
        ("+-+-", {0: 1, 2: 3}),
        ("++--", {0: 2, 1: 3}),
        ("++-+--", {0: 2, 1: 4, 3: 5}),
        ("-+-", {1: 2}),
        ("--+-", {2: 3}),
        ("++-", {0: 1, 1: 2}),  # the first lacks its note-off
        ("++-+-+-", {0: 1, 1: 2, 3: 4, 5: 6}),
        ("+-+", {0: 1}),  # nothing ends the last
        ("+-++--+", {0: 1, 2: 4, 3: 5}),
        ("+++-", {0: 1, 1: 2, 2: 3}),
        ("+-+--+-", {0: 1, 2: 3, 5: 6}),
        ("", {}),
        ("-", {}),
    ],
)
def test_notes_of_one_key(kinds, pairs):
    found = note_pairs(one_key(kinds)) if kinds else note_pairs(one_key("-").where(np.zeros(1, bool)))
    assert dict(zip(*(rows.tolist() for rows in found), strict=True)) == pairs


def test_a_key_that_two_voices_strike_at_once_is_let_go_for_both():
    begun, ended = note_pairs(events((0, "+", 60, 0), (0, "+", 60, 0), (1, "-", 60, 0), (2, "+", 60, 0)))
    assert (begun.tolist(), ended.tolist()) == ([0, 1], [2, 2])


def test_a_note_off_in_another_track_counts_where_the_own_track_has_none():
    found = note_pairs(events((0, "+", 60, 0), (1, "-", 60, 1), (2, "+", 62, 1), (3, "-", 62, 1)))
    assert [rows.tolist() for rows in found] == [[0, 2], [1, 3]]


def test_a_note_of_no_length_may_end_before_it_begins():
    rows = [
        (0, "+", 60, 0),
        (1, "-", 60, 0),
        (1, "-", 60, 0),
        (1, "+", 60, 0),
        (2, "+", 60, 0),
        (3, "-", 60, 0),
    ]
    begun, ended = note_pairs(events(*rows))
    assert (begun.tolist(), ended.tolist()) == ([0, 3, 4], [1, 3, 5])
    begun, ended = note_pairs(events(*rows[1:4]))
    assert (begun.tolist(), ended.tolist()) == ([2], [2])


def test_parts_in_unison_keep_their_own_note_offs():
    found = note_pairs(events((0, "+", 60, 0), (0, "+", 60, 1), (1, "-", 60, 1), (2, "-", 60, 0)))
    assert [rows.tolist() for rows in found] == [[0, 1], [3, 2]]
