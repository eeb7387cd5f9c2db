"""One instrument, one pace, the same piece."""

import numpy as np
import pytest

from earmark.foundation.errors import PieceError
from earmark.music.midi.arrange import Tempo, arranged, played_on_piano
from earmark.music.midi.notes import notes_of, onset_rate_hz
from earmark.music.midi.smf import CONTROL, NOTE_OFF, NOTE_ON, PITCH_BEND, PRESSURE, PROGRAM, Events, parse

MELODY = [(i * 0.1, i * 0.1 + 0.09, 60 + i % 7, i % 3, i % 3) for i in range(60)]
DRUMS = [(i * 0.2, i * 0.2 + 0.1, 36, 9, 3) for i in range(30)]


def with_rows(events, *rows):
    """The events, preceded by rows (channel, kind, data1, data2) at time 0."""
    added = np.array([(0.0, channel, kind, first, second, 0) for channel, kind, first, second in rows])
    old = (events.time_s, events.port_channel, events.kind, events.data1, events.data2, events.track)
    return Events(
        *(np.concatenate([new.astype(was.dtype), was]) for new, was in zip(added.T, old, strict=True))
    )


def test_on_the_piano_there_are_no_drums_and_one_program(events_of):
    notes = notes_of(played_on_piano(events_of(*MELODY, *DRUMS, program=48)))
    assert not notes.is_drum.any()
    assert set(notes.program.tolist()) == {0}
    assert len(notes) == len(MELODY)


def test_on_the_piano_pitches_onsets_and_durations_are_those_of_the_piece(events_of):
    events = events_of(*MELODY, program=48)
    assert notes_of(played_on_piano(events)).fingerprint() == notes_of(events).fingerprint()


def test_on_the_piano_the_sustain_pedal_is_all_that_is_kept_of_the_controllers(events_of):
    rows = [
        (0, CONTROL, 64, 127),
        (9, CONTROL, 64, 127),
        (0, CONTROL, 7, 10),
        (0, CONTROL, 0, 8),
        (0, PROGRAM, 40, 0),
        (0, PITCH_BEND, 0, 0),
        (0, PRESSURE, 64, 0),
    ]
    kept = played_on_piano(with_rows(events_of(*MELODY), *rows))
    others = kept.where((kept.kind != NOTE_ON) & (kept.kind != NOTE_OFF))
    assert [*zip(others.port_channel, others.kind, others.data1, others.data2, strict=True)] == [
        (0, CONTROL, 64, 127)
    ]


@pytest.mark.parametrize("port", [0, 1, 5])
def test_drums_alone_are_no_piece_for_a_piano(events_of, port):
    drums = events_of(*[(start, end, pitch, 16 * port + 9, 0) for start, end, pitch, _, _ in DRUMS])
    with pytest.raises(PieceError, match=r"only drums play, and render\.instruments=piano drops drums"):
        arranged(drums, Tempo(), "piano")
    assert len(notes_of(arranged(drums, Tempo(), "original"))) == len(DRUMS)


@pytest.mark.parametrize("target_hz", [2.0, 4.0, 7.5])
@pytest.mark.parametrize("instruments", ["piano", "original"])
def test_a_normalised_tempo_brings_the_onset_rate_to_the_target(events_of, target_hz, instruments):
    events = events_of(*MELODY)
    notes = notes_of(arranged(events, Tempo("normalised", target_hz), instruments))
    assert onset_rate_hz(notes) == pytest.approx(target_hz)
    assert notes.pitch.tolist() == notes_of(events).pitch.tolist()
    np.testing.assert_allclose(notes.duration_s, notes_of(events).duration_s * 10 / target_hz)


def test_pieces_that_differ_in_tempo_only_are_alike_when_normalised(events_of):
    events = events_of(*MELODY)
    pieces = [notes_of(arranged(events.scaled(k), Tempo("normalised"), "piano")) for k in (1, 0.7, 2.9)]
    assert len({notes.fingerprint() for notes in pieces}) == 1


def test_an_original_tempo_is_left_alone_whatever_the_target(events_of):
    events = events_of(*MELODY)
    unchanged = arranged(events, Tempo("original", 1.0), "original")
    np.testing.assert_array_equal(unchanged.time_s, events.time_s)


@pytest.mark.parametrize(("target_hz", "factor"), [(3.2, 8), (0.1, 8), (200, 1 / 8), (1000, 1 / 8), (5, 5)])
def test_nothing_is_stretched_more_than_eightfold(events_of, target_hz, factor):
    events = events_of(*[(i * 0.04, i * 0.04 + 0.03, 60, 0, 0) for i in range(40)])  # 25 onsets a second
    assert Tempo("normalised", target_hz).factor(events) == pytest.approx(factor, rel=0.03)


def test_a_single_onset_has_no_tempo_to_normalise(events_of):
    assert Tempo("normalised").factor(events_of((0.0, 1.0, 60, 0, 0), (0.0, 1.0, 64, 0, 0))) == 1


def test_the_tempo_is_measured_with_the_drums_left_out_though_they_are_kept(events_of):
    melody_only = Tempo("normalised").factor(events_of(*MELODY))
    assert Tempo("normalised").factor(events_of(*MELODY, *DRUMS)) == pytest.approx(melody_only)


def test_a_tempo_of_zero_is_ignored():
    header = b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60"
    events = b"\x00\xff\x51\x03\x00\x00\x00" + b"\x00\x90\x45\x64\x60\x45\x00\x60\x47\x64\x60\x47\x00"
    events_read = parse(header + b"MTrk" + len(events).to_bytes(4, "big") + events)
    assert events_read.time_s.tolist() == pytest.approx([0, 0.5, 1.0, 1.5])
    assert events_read.warnings == ("a tempo too fast to be meant is ignored",)


@pytest.mark.parametrize(
    ("lead_s", "max_s", "expected_s"),
    [
        (0.0, 180, 0.0),
        (30.0, 180, 30.0),  # a silence as of a count-in stays
        (30.1, 180, 0.0),
        (300.0, 180, 0.0),
        (3600.0, 0, 0.0),
        (5.0, 10, 5.0),
        (5.1, 10, 0.0),
    ],
)
@pytest.mark.parametrize("instruments", ["piano", "original"])
def test_a_late_piece_begins_at_once(events_of, lead_s, max_s, expected_s, instruments):
    late = events_of(*[(start + lead_s, end + lead_s, *rest) for start, end, *rest in MELODY], program=40)
    begun = arranged(late, Tempo(), instruments, max_s)
    notes = notes_of(begun)
    assert notes.onset_s.min() == pytest.approx(expected_s)
    assert notes.fingerprint() == notes_of(events_of(*MELODY)).fingerprint()
    assert set(notes.program.tolist()) == {0 if instruments == "piano" else 40}
    assert (np.diff(begun.time_s) >= 0).all()


def test_what_comes_late_is_counted_without_the_drums_that_are_dropped(events_of):
    late = [(start + 60, end + 60, *rest) for start, end, *rest in MELODY]
    assert notes_of(arranged(events_of(*late, *DRUMS), Tempo(), "piano")).onset_s.min() == 0
    assert notes_of(arranged(events_of(*late, *DRUMS), Tempo(), "original")).onset_s.max() > 60
