"""A file may be called anything: tables keep its name, and a terminal is told nothing by it."""

import csv
import io
import os
import re
import shutil
import string

import mido
import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from earmark.apps.cli import app
from earmark.foundation.atomic import write_text
from earmark.foundation.untrusted import read_table as read_untrusted
from earmark.foundation.words import csv_lines, in_utf8, printable
from earmark.music.catalog import read_table, write_table

# What a terminal obeys, or what forges a line; the line end itself ends each line that is printed.
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
NAMES = (
    "carriage\rreturn",
    "two\nlines",
    "crlf\r\nx",
    "\x1b[2J\x1b]0;title\x07",
    "bell\x07",
    "c1\x9b31m",
    "turned\u202egnp",
    'quote", "comma',
    "=1+1",
    "[red]markup",
    " space ",
    "tab\there",
    "久石譲",
    "-dash",
    "{brace}",
    "100%d",
)
NAME = st.binary(min_size=1, max_size=40).map(lambda raw: os.fsdecode(raw.translate(None, b"/\0")))


@settings(max_examples=300, deadline=None)
@given(names=st.lists(NAME, min_size=1, max_size=6))
def test_tables_keep_every_name(names, tmp_path_factory):
    file = tmp_path_factory.mktemp("table") / "table.csv"
    kept = [in_utf8(name) for name in names]
    columns = {"path": names, "start_s": ["0"] * len(names)}
    write_table(pd.DataFrame({**columns, "path": kept}), file)
    assert list(read_table(file).path) == kept
    text = "".join(csv_lines([list(columns), *zip(*columns.values(), strict=True)]))
    assert [row[0] for row in csv.reader(io.StringIO(text, newline=""))] == ["path", *kept]
    write_text(file, text)
    assert read_untrusted(file, ["path"], len(names))["path"] == kept
    assert list(read_table(file).path) == kept


@settings(max_examples=300, deadline=None)
@given(name=NAME)
def test_what_is_printed_of_a_name_is_one_line_without_orders(name):
    shown = printable(name)
    assert "\n" not in shown
    assert not OBEYED.search(shown)
    assert set(shown) - set(name) <= set(string.printable)
    shown.encode("utf-8")


@pytest.fixture
def tune(tmp_path):
    """A MIDI file and a WAV of nine seconds."""
    track = mido.MidiTrack()
    for pitch in np.random.default_rng(3).integers(55, 80, 40):
        track.append(mido.Message("note_on", note=int(pitch), velocity=90, time=0))
        track.append(mido.Message("note_off", note=int(pitch), velocity=0, time=240))
    midi = tmp_path / "tune.mid"
    mido.MidiFile(type=0, ticks_per_beat=480, tracks=[track]).save(midi)
    time_s = np.arange(9 * 8000) / 8000
    wav = tmp_path / "tune.wav"
    soundfile.write(wav, 0.4 * np.sin(2 * np.pi * 300 * time_s) * (1 + np.sin(4 * time_s)) / 2, 8000)
    return midi, wav


@pytest.fixture
def odd(tmp_path, tune):
    """A folder of good and bad music under every odd name."""
    folder = tmp_path / "music"
    folder.mkdir()
    for name in NAMES[:4]:
        shutil.copy(tune[0], folder / f"{name}.mid")
    for name in NAMES:
        (folder / f"{name}.wav").write_bytes(b"no sound")
    os.mkfifo(folder / "pipe\x1b[1m.mid")
    (folder / "gone\x1b[1m.mid").symlink_to("nowhere")
    return folder


COMMANDS = (
    ("identify", "{folder}", "--model", "composer", "--workers", "1"),
    ("identify", "{folder}", "--model", "composer", "--workers", "1", "--json"),
    ("identify", "{bad}", "--model", "composer"),
    ("identify", "{folder}/missing\x1b[2J.mid", "--model", "composer"),
    ("identify", "{good}", "--model", "nobody\x1b[2J\r"),
    ("describe", "{bad}"),
    ("describe", "{good}", "--csv", "{folder}/out\x1b[2J.csv"),
    ("transcribe", "{bad}", "--out", "{folder}/out\x1b[2J.mid"),
    ("transcribe", "{wav}", "--out", "{folder}/out\x1b[2J.mid"),
    ("tag", "{folder}", "--composer", "composer", "--workers", "1"),
    ("compare", "{bad}", "{good}", "--model", "composer"),
    ("enroll", "composer", "{bad}", "--label", "A\x1b[2J", "--out", "{folder}/new\r"),
    ("enroll", "gone\x1b[2J", "{good}", "--label", "A\x1b[2J", "--out", "{folder}/new\r"),
    ("cache", "ls", "--store", "{folder}/store\x1b[2J"),
    ("use", "{folder}/missing\x1b[2J"),
    ("publish", "{folder}/missing\x1b[2J", "--name", "a\x1b[2J"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: printable(" ".join(command)))
def test_no_command_lets_a_name_speak_to_the_terminal(odd, tune, command, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    shutil.copy(tune[1], odd / "sound\x1b[2J.wav")
    given_names = {
        "folder": str(odd),
        "good": str(odd / f"{NAMES[3]}.mid"),
        "bad": str(odd / f"{NAMES[3]}.wav"),
        "wav": str(odd / "sound\x1b[2J.wav"),
    }
    arguments = [item.format(**given_names) for item in command]
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "300"})
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert OBEYED.search(done.output) is None
    assert "Traceback" not in done.output
    assert done.exit_code in (0, 1, 2)
