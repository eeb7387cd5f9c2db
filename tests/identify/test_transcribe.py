"""From a file to notes, and to files of notes."""

import csv

import numpy as np
import pytest

from earmark.identify.transcribe import transcribe
from earmark.music.midi.notes import notes_of
from earmark.music.midi.smf import read
from earmark.music.recordings import passages

PITCHES = (60, 64, 67, 72, 67, 64, 62, 59)


@pytest.fixture
def piece(write_midi, note):
    """Eight crotchets at 120 a minute."""
    notes = [event for k, pitch in enumerate(PITCHES) for event in note(480 * k, 480 * k + 460, pitch)]
    return write_midi(notes)


def test_a_midi_is_played_and_its_notes_come_back(piece, tmp_path):
    transcription = transcribe(piece)
    assert transcription.pitch.tolist() == list(PITCHES)
    assert transcription.onset_s == pytest.approx(0.5 * np.arange(8), abs=0.05)
    assert transcription.tuning_cents == pytest.approx(0, abs=5)
    transcription.write_midi(tmp_path / "again.mid")
    notes = notes_of(read(tmp_path / "again.mid"))
    assert notes.pitch.tolist() == list(PITCHES)
    assert notes.onset_s == pytest.approx(transcription.onset_s, abs=1e-3)


def test_a_table_of_the_notes(piece, tmp_path):
    transcribe(piece).write_csv(tmp_path / "notes.csv")
    rows = list(csv.DictReader((tmp_path / "notes.csv").read_text().splitlines()))
    assert [int(row["pitch"]) for row in rows] == list(PITCHES)
    assert all(float(row["end_s"]) > float(row["onset_s"]) for row in rows)


def test_a_long_file_is_heard_in_passages(piece, monkeypatch):
    """Notes that begin in one passage and end in the next are whole, and none is heard twice."""
    whole = transcribe(piece)
    monkeypatch.setattr(passages, "PASSAGE_S", 1.3)
    parts = transcribe(piece)
    assert parts.pitch.tolist() == whole.pitch.tolist()
    assert parts.onset_s == pytest.approx(whole.onset_s, abs=0.02)
    assert parts.end_s == pytest.approx(whole.end_s, abs=0.05)
    assert parts.duration_s == whole.duration_s
