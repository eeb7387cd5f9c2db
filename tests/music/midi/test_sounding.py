"""Notes as they sound: no drums, held by the pedal, from the first onset, up to a limit."""

import mido
import numpy as np
import pytest

from earmark.foundation.errors import PieceError
from earmark.music.midi.smf import read
from earmark.music.midi.sounding import sounding_notes


def pedal(tick, value):
    return tick, mido.Message("control_change", control=64, value=value)


def test_times_count_from_the_first_onset(events_of):
    notes = sounding_notes(events_of((5.0, 5.5, 60, 0, 0), (6.0, 6.25, 64, 0, 0)), 0)
    assert notes.onset_s.tolist() == [0, 1]
    assert notes.end_s.tolist() == [0.5, 1.25]
    assert notes.pitch.tolist() == [60, 64]
    assert notes.length_s == 1.25


def test_drums_have_no_pitch(events_of):
    notes = sounding_notes(events_of((0.0, 1.0, 36, 9, 0), (1.0, 2.0, 60, 0, 0)), 0)
    assert notes.pitch.tolist() == [60]
    with pytest.raises(PieceError, match="only drums play"):
        sounding_notes(events_of((0.0, 1.0, 36, 9, 0)), 0)


def test_a_piece_is_cut_off(events_of):
    events = events_of(*((float(i), i + 1.5, 60 + i, 0, 0) for i in range(6)))
    notes = sounding_notes(events, 3.0)
    assert notes.onset_s.tolist() == [0, 1, 2]
    assert notes.end_s.tolist() == [1.5, 2.5, 3.0]


def test_the_pedal_holds_notes_until_it_is_released(write_midi, note):
    """At 120 a minute 960 ticks are a second: down at 0.5 s, up at 3 s."""
    track = [*note(0, 960, 60), *note(960, 1440, 64), *note(2880, 3360, 67), pedal(480, 127), pedal(2880, 0)]
    notes = sounding_notes(read(write_midi(track)), 0)
    assert dict(zip(notes.pitch.tolist(), notes.end_s.tolist(), strict=True)) == pytest.approx(
        {60: 3.0, 64: 3.0, 67: 3.5}
    )


def test_a_pedal_that_is_never_released_holds_to_the_end(write_midi, note):
    track = [pedal(0, 127), *note(0, 480, 60), *note(480, 1920, 64)]
    notes = sounding_notes(read(write_midi(track)), 0)
    assert notes.end_s.tolist() == pytest.approx([2.0, 2.0])


def test_a_held_note_ends_where_its_pitch_begins_anew(write_midi, note):
    track = [pedal(0, 127), *note(0, 240, 60), *note(960, 1200, 60), *note(960, 1920, 72)]
    notes = sounding_notes(read(write_midi(track)), 0)
    held = notes.end_s[notes.pitch == 60]
    assert held.tolist() == pytest.approx([1.0, 2.0])
    assert (np.diff(notes.onset_s) >= 0).all()
