"""The plug-in of beets, on libraries that beets made."""

import os
import subprocess
import sys
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile

from earmark.apps.tags.rewrite import read_tags
from earmark.bundle import Bundle
from earmark.decisions.rejection import Rejection
from earmark.decisions.vote import FittedVote
from earmark.foundation.closure import PACKAGE
from earmark.identify.identifier import Identifier
from earmark.identify.verdict import Verdict

pytest.importorskip("beets")
RATE_HZ = 22_050
PIECES = {  # name: semitones above C, tags
    "plain.flac": (0, {}),
    "keyed.flac": (3, {"initialkey": "Gm"}),
    "both.mp3": (5, {}),
}


@pytest.fixture
def music(tmp_path):
    """Triads that are struck twice a second: C, E flat and F major. One file has a key."""
    folder = tmp_path / "music"
    folder.mkdir()
    time_s = np.arange(12 * RATE_HZ) / RATE_HZ
    struck = 0.3 + 0.7 * (np.sin(2 * np.pi * 2 * time_s) > 0)
    for name, (semitones, tags) in PIECES.items():
        hz = 261.6 * 2 ** (semitones / 12)
        sound = sum(np.sin(2 * np.pi * hz * 2 ** (step / 12) * time_s) for step in (0, 4, 7)) / 6 * struck
        soundfile.write(folder / name, sound, RATE_HZ)
        file = mutagen.File(folder / name, easy=True)
        file.update({"title": name, "artist": "Nobody", **tags})
        file.save()
    return folder


@pytest.fixture
def beet(tmp_path, music):
    """The command `beet` with a configuration of our own, its library filled from `music`."""
    home = tmp_path / "beets"
    home.mkdir()
    (home / "config.yaml").write_text(
        f"directory: {music}\nlibrary: {home}/library.db\nplugins: earmark\n"
        "import: {copy: no, write: no, autotag: no}\nearmark: {genre: no, workers: 1}\n"
    )

    def run(*arguments, status=0):
        paths = os.pathsep.join([str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")])
        variables = {**os.environ, "BEETSDIR": str(home), "PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"}
        command = [sys.executable, "-m", "beets", *arguments]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    run("import", "-A", "-q", str(music))
    return run


def listed(beet):
    """Title, key and tempo of all tracks, as beets has them."""
    lines = beet("ls", "-f", "$title|$initial_key|$bpm").splitlines()
    return {title: (key, bpm) for title, key, bpm in (line.split("|") for line in lines if "|" in line)}


def test_a_library_is_filled_and_its_files_with_write_and_taken_back(beet, music):
    before = {path.name: path.read_bytes() for path in music.iterdir()}
    empty = listed(beet)
    assert empty == {"plain.flac": ("", "0"), "keyed.flac": ("Gm", "0"), "both.mp3": ("", "0")}
    said = beet("earmark", "--pretend")
    assert "Nobody -  - plain.flac: initial_key: C (" in said
    assert "2 of 3 tracks would be filled; 0 verdicts unknown; 1 tracks with nothing missing" in said
    assert listed(beet) == empty
    beet("earmark", "title:plain.flac")  # the library alone: import.write is no
    assert listed(beet) == {**empty, "plain.flac": ("C", "0")}
    assert {path.name: path.read_bytes() for path in music.iterdir()} == before
    said = beet("earmark", "--write", "--bpm")
    assert listed(beet) == {"plain.flac": ("C", "120"), "keyed.flac": ("Gm", "120"), "both.mp3": ("F", "120")}
    assert read_tags(music / "plain.flac") == {"bpm": ["120"]}  # the key was there, in the library
    assert read_tags(music / "keyed.flac") == {"key": ["Gm"], "bpm": ["120"]}
    assert read_tags(music / "both.mp3") == {"key": ["F"], "bpm": ["120"]}
    assert "0 of 3 tracks" in beet("earmark", "--write", "--bpm")
    log = next(word.rstrip(";") for word in said.split() if word.endswith(".jsonl;"))
    undo = [sys.executable, "-c", "from earmark.apps.cli import main; main()", "tag", "--undo", log]
    subprocess.run(undo, check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in music.iterdir()} == before


def test_what_cannot_be_is_one_line(beet, tmp_path):
    said = beet("earmark", "--key", str(tmp_path / "nothing"), status=1)
    assert "nothing is not a bundle" in said
    assert "Traceback" not in said


def test_it_is_packaged_beside_the_plug_ins_of_beets():
    """As a namespace: a file `__init__.py` would hide those that beets brings."""
    folder = Path(PACKAGE).parent / "beetsplug"
    assert [path.name for path in folder.glob("*.py")] == ["earmark.py"]


class Answers:
    """An identifier that answers by title, and remembers who asked."""

    def __init__(self, labels):
        self.labels, self.asked = labels, []
        decision = FittedVote(["jig", "reel"], 1.0, False, 0.0, Rejection())
        self.bundle = Bundle({}, {}, decision, {}, np.zeros((0, 2)), "genre")

    def identify_all(self, music, workers=0):
        for target in music:
            title = target.name.rpartition(" - ")[2]
            self.asked.append(title)
            probabilities = {"jig": 0.6, "reel": 0.4}
            yield Verdict(target.name, self.labels[title], "jig", 0.6, probabilities=probabilities)


@pytest.mark.parametrize(("number", "genres"), [(1, ["jig"]), (2, ["jig", "reel"])])
def test_genres_of_tracks_that_have_none_and_no_others(music, monkeypatch, tmp_path, capsys, number, genres):
    monkeypatch.setenv("BEETSDIR", str(tmp_path))
    import beets
    from beets.library import Item, Library

    from beetsplug.earmark import EarmarkPlugin

    lib = Library(str(tmp_path / "library.db"), str(music))
    for name in PIECES:
        item = Item.from_path(str(music / name).encode())
        if name == "keyed.flac":
            item.genres = ["polka"]
        lib.add(item)
    answers = Answers({"plain.flac": "jig", "both.mp3": "unknown"})
    monkeypatch.setattr(Identifier, "load", lambda folder, strictness: answers)
    plugin = EarmarkPlugin()
    beets.config["earmark"].set({"genres": number, "key": False, "genre": "genre"})
    (command,) = plugin.commands()
    options, query = command.parser.parse_args(["--nowrite"])
    command.func(lib, options, query)
    assert {item.title: item.genres for item in lib.items()} == {
        "plain.flac": genres,
        "keyed.flac": ["polka"],
        "both.mp3": [],
    }
    assert answers.asked == ["plain.flac", "both.mp3"]
    assert (
        "1 of 3 tracks filled; 1 verdicts unknown; 1 tracks with nothing missing" in capsys.readouterr().out
    )
