"""`earmark transcribe`, as somebody types it."""

import pytest
from typer.testing import CliRunner

from earmark.apps.cli import app
from earmark.music.midi.notes import notes_of
from earmark.music.midi.smf import read


@pytest.fixture
def transcribe():
    return lambda *arguments: CliRunner().invoke(app, ["transcribe", *map(str, arguments)])


@pytest.fixture
def song(tone, write_sound):
    return write_sound(tone(440, 22_050, 2.5), 22_050, name="song.wav")


def test_a_midi_file_and_a_line(transcribe, song, tmp_path):
    done = transcribe(song, "--out", tmp_path / "notes")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "song.mid: " in done.stdout
    assert "+0 cents from A = 440 Hz" in done.stdout or "-0 cents" in done.stdout
    assert set(notes_of(read(tmp_path / "notes" / "song.mid")).pitch.tolist()) <= {69, 81}


def test_a_table(transcribe, song, tmp_path):
    assert transcribe(song, "--out", tmp_path, "--csv").exit_code == 0
    assert (tmp_path / "song.csv").read_text().startswith("onset_s,end_s,pitch,confidence\n")


def test_nothing_is_overwritten_and_bad_files_have_a_line(transcribe, song, tmp_path):
    (tmp_path / "song.mid").write_text("mine")
    done = transcribe(song, tmp_path / "missing.wav", "--out", tmp_path)
    assert done.exit_code == 1
    assert "exists, and is not written over: choose another --out" in done.stderr
    assert len(done.stderr.splitlines()) == 2
    assert (tmp_path / "song.mid").read_text() == "mine"


def test_of_one_file_out_may_be_a_name(transcribe, song, tmp_path):
    assert transcribe(song, "--out", tmp_path / "new" / "mine.mid").exit_code == 0
    assert len(notes_of(read(tmp_path / "new" / "mine.mid"))) > 0
    assert transcribe(song, "--csv", "--out", tmp_path / "mine.csv").exit_code == 0
    assert (tmp_path / "mine.csv").is_file()


@pytest.mark.parametrize("more", [["--csv"], ["another.wav"]])
def test_a_name_that_cannot_be_meant_is_refused(transcribe, song, tmp_path, more):
    done = transcribe(song, *more, "--out", tmp_path / "mine.mid")
    assert done.exit_code == 2
    assert not (tmp_path / "mine.mid").exists()
    assert "must be a folder, or for one FILE a name that ends in" in done.stderr
