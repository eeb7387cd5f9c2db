"""Notes from probabilities: when they begin, how long they last."""

import numpy as np
import pytest

from earmark.features.ear.decode import decode
from earmark.features.ear.spectrum import LOWEST_PITCH

RATE_HZ = 50.0


def arrays(*notes, frames=200):
    """Onset and sounding probabilities of notes (pitch, first frame, frame after the last)."""
    onset, sounding = np.zeros((2, 88, frames))
    for pitch, first, end in notes:
        onset[pitch - LOWEST_PITCH, first] = 0.9
        sounding[pitch - LOWEST_PITCH, first:end] = 0.9
    return onset, sounding


def test_notes_begin_at_peaks_and_end_where_they_are_heard_no_more():
    notes = decode(*arrays((60, 10, 40), (72, 10, 15), (64, 50, 100)), RATE_HZ)
    assert notes.pitch.tolist() == [60, 72, 64]
    assert notes.onset_s == pytest.approx([0.2, 0.2, 1.0])
    assert notes.end_s == pytest.approx([0.8, 0.3, 2.0])
    assert notes.confidence == pytest.approx([0.9] * 3)


def test_a_repeated_key_ends_the_note_before():
    notes = decode(*arrays((60, 10, 100), (60, 60, 100)), RATE_HZ)
    assert notes.end_s == pytest.approx([1.2, 2.0])


def test_a_dropout_does_not_end_a_note_and_a_gap_does():
    onset, sounding = arrays((60, 10, 100))
    sounding[60 - LOWEST_PITCH, 40:42] = 0  # 40 ms
    assert decode(onset, sounding, RATE_HZ).end_s == pytest.approx([2.0])
    sounding[60 - LOWEST_PITCH, 40:50] = 0
    assert decode(onset, sounding, RATE_HZ).end_s == pytest.approx([0.8])


def test_an_onset_between_two_frames_is_placed_there():
    onset, sounding = arrays((60, 10, 40))
    onset[60 - LOWEST_PITCH, 9:12] = (0.4, 0.9, 0.9 - 1e-6)
    assert decode(onset, sounding, RATE_HZ).onset_s[0] == pytest.approx(10.5 / RATE_HZ, abs=1e-3)


def test_the_threshold_counts():
    assert len(decode(*arrays((60, 10, 40)), RATE_HZ, onset_threshold=0.95)) == 0
    assert len(decode(np.zeros((88, 0)), np.zeros((88, 0)), RATE_HZ)) == 0
