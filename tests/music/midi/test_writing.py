"""Standard MIDI Files that are written, against pretty_midi and our own reader."""

import io

import numpy as np
import pretty_midi
import pytest

from earmark.music.midi.notes import notes_of
from earmark.music.midi.smf import parse
from earmark.music.midi.writing import midi_file

TICKS = 960


def random_notes(seed):
    """Onsets, ends, pitches and velocities; some share a tick, a pitch or both."""
    draw = np.random.default_rng(seed)
    onset_s = np.sort(np.round(draw.uniform(0, 20, 200), 2))
    return (
        onset_s,
        onset_s + draw.uniform(0.02, 1, 200),
        draw.integers(21, 109, 200),
        draw.integers(1, 128, 200),
    )


@pytest.mark.parametrize(("seed", "tempo"), [(0, 120.0), (1, 120.0), (2, 100.0)])
def test_the_bytes_are_those_that_pretty_midi_writes(seed, tempo):
    onset_s, end_s, pitch, velocity = random_notes(seed)
    midi = pretty_midi.PrettyMIDI(resolution=TICKS, initial_tempo=tempo)
    part = pretty_midi.Instrument(program=40)
    part.control_changes = [pretty_midi.ControlChange(91, 40, 0.0), pretty_midi.ControlChange(10, 64, 0.0)]
    columns = (velocity, pitch, onset_s, end_s)
    part.notes = [pretty_midi.Note(*row) for row in zip(*(c.tolist() for c in columns), strict=True)]
    midi.instruments.append(part)
    file = io.BytesIO()
    midi.write(file)
    written = midi_file(onset_s, end_s, pitch, velocity, TICKS, tempo, program=40, controls={91: 40, 10: 64})
    assert written == file.getvalue()


def test_notes_come_back_within_half_a_tick():
    onset_s, end_s = np.array([0.0, 0.5, 0.5, 1.25]), np.array([0.5, 1.0, 0.75, 1.25])
    read = notes_of(parse(midi_file(onset_s, end_s, np.array([60, 60, 64, 72]), np.full(4, 80), TICKS)))
    assert read.pitch.tolist() == [60, 60, 64, 72]
    np.testing.assert_allclose(read.onset_s, onset_s, atol=0.25 / TICKS)
    np.testing.assert_allclose(
        read.onset_s + read.duration_s, [0.5, 1.0, 0.75, 1.25 + 0.5 / TICKS], atol=0.25 / TICKS
    )


def test_no_notes_make_a_file_without_notes():
    none = np.zeros(0)
    read = pretty_midi.PrettyMIDI(io.BytesIO(midi_file(none, none, none, none, TICKS)))
    assert [part.notes for part in read.instruments] in ([], [[]])
