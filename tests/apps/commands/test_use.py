"""`earmark use` of tags, of columns by name, of a data set, and of every format."""

import json
import os
import shutil
import subprocess
import warnings
from pathlib import Path

import mutagen
import pytest
import soundfile
from typer.testing import CliRunner

from earmark.apps import cli
from earmark.apps.commands.use import LISTING
from earmark.foundation.closure import PACKAGE
from earmark.music.sources.choice import read_source

RATE_HZ = 22_050
PROJECT = PACKAGE.parents[1]


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of our own."""
    root = tmp_path / "checkout"
    shutil.copytree(PROJECT / "conf", root / "conf")
    (root / "dvc.yaml").touch()
    (root / "data").mkdir()
    (root / "data" / "source").write_text("default\n")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def library(tmp_path, tone):
    """Genres of an artist each: three of jigs, three of reels, one of polkas; a file without a genre."""
    folder = tmp_path / "library"
    folder.mkdir()
    pieces = [("Jig", "A"), ("Jig", "B"), ("Jig", "C"), ("Reel", "A"), ("Reel", "B"), ("Reel", "D")]
    for number, (genre, artist) in enumerate([*pieces, ("Polka", "A"), ("", "E")]):
        path = folder / f"{number}.flac"
        soundfile.write(path, tone(300 + 10 * number, RATE_HZ), RATE_HZ)
        file = mutagen.File(path)
        file["artist"] = artist
        if genre:
            file["genre"] = genre
        file.save()
    return folder


def use(*arguments):
    return CliRunner().invoke(cli.app, ["use", *map(str, arguments)])


def labels(checkout):
    return [one.label for one in read_source(checkout / "data" / "source", checkout / "data", "")]


def test_labels_from_tags(checkout, library):
    done = use(library, "--label-from", "genre")
    assert done.exit_code == 2
    assert "too few works of Polka (1)" in done.stderr  # before anything is chosen or rendered
    assert (checkout / "data" / "source").read_text() == "default\n"
    assert not (checkout / "data" / LISTING).exists()
    (checkout / "overrides.yaml").write_text("overrides: [data.min_works=3]\n")
    done = use(library, "--label-from", "genre")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"Their labels are in {checkout}/data/chosen.csv: edit them there; use again for new files.",
        "The next `dvc repro` learns from 6 pieces of 6 works; 2 known labels.",
    ]
    assert done.stderr.splitlines() == [
        "2 of them left out:",
        f"  {library}/6.flac: its label has too few works: 1, and data.min_works=3",
        f"  {library}/7.flac: its tags say no genre",
    ]
    assert labels(checkout) == ["Jig"] * 3 + ["Reel"] * 3 + ["Polka"]


def test_an_edit_of_the_table_counts_and_another_source_replaces_it(checkout, library):
    (checkout / "overrides.yaml").write_text("overrides: [data.min_works=3]\n")
    use(library, "--label-from", "genre")
    listing = checkout / "data" / LISTING
    listing.write_text(listing.read_text().replace("Reel", "Hornpipe"))
    assert labels(checkout) == ["Jig"] * 3 + ["Hornpipe"] * 3 + ["Polka"]
    assert use("default").exit_code == 0
    assert (checkout / "data" / "source").read_text().startswith("default\n")


def test_many_files_left_out_are_counted_by_reason(checkout, library):
    (checkout / "overrides.yaml").write_text("overrides: [data.min_works=3]\n")
    for number in range(20, 35):
        shutil.copy(library / "7.flac", library / f"{number}.flac")
    done = use(library, "--label-from", "genre")
    assert done.stderr.splitlines()[:4] == [
        "17 of them left out:",
        "  16 × its tags say no genre",
        "  1 × its label has too few works: 1, and data.min_works=3",
        "among them",
    ]
    assert len(done.stderr.splitlines()) == 9


def test_columns_by_name(checkout, library):
    rows = [f"Jig;{number};{number}.flac" for number in range(3)]
    rows += [f"Reel;{number};{number}.flac" for number in range(3, 6)]
    (library / "list.csv").write_text("\n".join(["Klasse;Werk;Datei", *rows]) + "\n")
    done = use(
        library / "list.csv", "--path-column", "Datei", "--label-column", "Klasse", "--work-column", "Werk"
    )
    assert done.stdout == "The next `dvc repro` learns from 6 pieces of 6 works; 2 known labels.\n"
    assert labels(checkout) == ["Jig"] * 3 + ["Reel"] * 3
    done = use(library / "list.csv")
    assert (done.exit_code, "or --path-column and --label-column must" in done.stderr) == (2, True)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="makes the files")
def test_every_format_that_identify_reads(checkout, tmp_path, tone):
    plain = tmp_path / "plain.wav"
    soundfile.write(plain, tone(440, RATE_HZ), RATE_HZ)
    suffixes = ("m4a", "wma", "mka", "wv", "tta", "aiff")
    for number, suffix in enumerate(suffixes):
        path = tmp_path / "music" / ("Ash" if number % 2 else "Birch") / f"{number}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(plain), str(path)], check=True)
    done = use(tmp_path / "music")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "6 pieces of 6 works; 2 known labels" in done.stdout


def test_a_data_set_of_mirdata(checkout, tmp_path, tone, monkeypatch):
    pytest.importorskip("mirdata")
    home, tracks = tmp_path / "gtzan", {}
    for genre in ("blues", "jazz"):
        for number in range(3):
            name = f"genres/{genre}/{genre}.{number:05d}.wav"
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(home / name, tone(220, RATE_HZ), RATE_HZ)
            nothing = [None, None]
            tracks[Path(name).stem] = {"audio": [name, "0"], "beats": nothing, "tempo": nothing}
    (tmp_path / "index.json").write_text(json.dumps({"version": "1.0", "tracks": tracks}))
    monkeypatch.setattr("mirdata.core.Index.get_path", lambda self: str(tmp_path / "index.json"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        done = use("mirdata:gtzan_genre", "--data-home", home)
    assert done.exit_code == 0, done.stderr
    assert "learns from 6 pieces of 6 works; 2 known labels." in done.stdout
    assert done.stderr == "Labels are the genre of tracks: --label-from ATTRIBUTE chooses another.\n"
    assert labels(checkout) == ["blues"] * 3 + ["jazz"] * 3
    links = sorted((checkout / "data" / "source" / "files").iterdir())
    assert os.readlink(links[0]) == str(home / "genres/blues/blues.00000.wav")


def test_without_mirdata_the_extra_is_named(checkout, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mirdata", None)
    monkeypatch.setattr("sys.argv", ["earmark", "use", "mirdata:gtzan_genre"])
    done = use("mirdata:gtzan_genre")
    assert done.exit_code == 2
    assert "pip install 'earmark[mirdata]'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["LIBRARY", "--label-from", "mood"], "--label-from mood is none of genre, composer, artist"),
        (["LIBRARY", "--path-column", "x"], "go with FILE.csv"),
        (["LIBRARY", "--data-home", "x"], "--data-home DIR goes with mirdata:NAME"),
        (["default", "--label-from", "genre"], "the default corpus has its own labels"),
        (["LIST", "--label-from", "genre"], "of a CSV say --label-column"),
        (["mirdata:gtzan_genre", "--label-column", "x"], "go with FILE.csv"),
    ],
)
def test_options_that_do_not_go_together(checkout, library, arguments, message, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    (library / "list.csv").write_text("path,label\n0.flac,Jig\n")
    places = {"LIBRARY": library, "LIST": library / "list.csv"}
    done = use(*(places.get(argument, argument) for argument in arguments))
    assert (done.exit_code, message in done.stderr) == (2, True)
    assert (checkout / "data" / "source").read_text() == "default\n"
