"""`earmark tag`, as somebody types it."""

import json
import os
import signal
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from mutagen.id3 import ID3, TCON
from typer.testing import CliRunner

from earmark.apps import cli
from earmark.apps.tags import rewrite
from earmark.apps.tags.rewrite import read_tags
from earmark.bundle import Bundle, bundle_hash
from earmark.decisions.rejection import Rejection
from earmark.decisions.vote import FittedVote
from earmark.foundation.errors import EarmarkError
from earmark.identify.identifier import Identifier
from earmark.identify.verdict import Verdict

RATE_HZ = 22_050
VERDICTS = {"a.mp3": "jig", "b.flac": "reel", "c.ogg": "unknown", "d.wav": "hornpipe"}


class NameIdentifier:
    """An identifier that knows the files by name, and remembers which it was asked about."""

    def __init__(self, verdicts, labels=("jig",), question=""):
        self.verdicts, self.asked = verdicts, []
        decision = FittedVote(list(labels), 1.0, False, 0.0, Rejection())
        self.bundle = Bundle({}, {}, decision, {}, np.zeros((0, 2)), question)

    def identify_all(self, targets, workers=0):
        for target in targets:
            self.asked.append(target.file.name)
            verdict = self.verdicts.get(target.file.name, "jig")
            if isinstance(verdict, BaseException):
                raise verdict
            if verdict.startswith("!"):
                yield Verdict(target.name, error=verdict[1:])
            else:
                probabilities = {"reel": 0.3, "jig": 0.5, "polka": 0.2, "slide": 0.0}
                yield Verdict(target.name, verdict, "jig", confidence=0.9, probabilities=probabilities)


@pytest.fixture
def earmark(monkeypatch, tmp_path):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return lambda *arguments, said=None: CliRunner().invoke(
        cli.app, ["tag", *map(str, arguments)], input=said
    )


@pytest.fixture
def folder(tmp_path, tone):
    """a.mp3, b.flac, c.ogg, d.wav without tags; e.flac with a genre; f.mid."""
    (tmp_path / "music" / "deep").mkdir(parents=True)
    for name in ("a.mp3", "b.flac", "c.ogg", "d.wav", "e.flac"):
        soundfile.write(tmp_path / "music" / name, tone(440, RATE_HZ), RATE_HZ)
    file = mutagen.File(tmp_path / "music" / "e.flac")
    file["genre"] = ["polka"]
    file.save()
    (tmp_path / "music" / "deep" / "f.mid").write_bytes(b"MThd")
    return tmp_path / "music"


@pytest.fixture
def identifiers(monkeypatch, tmp_path):
    """Bundles that are only names, and who listens with them."""
    identifiers = {
        "dances": NameIdentifier(dict(VERDICTS)),
        "keys": NameIdentifier({}, ["A minor"]),
        "composers": NameIdentifier({}, ["Dvořák"]),
    }
    identifiers["asked"] = NameIdentifier(dict(VERDICTS), question="genre")
    identifiers["keys"].verdicts = dict.fromkeys([*VERDICTS, "e.flac"], "A minor")
    identifiers["composers"].verdicts = dict.fromkeys([*VERDICTS, "e.flac"], "Dvořák")
    for name in identifiers:
        (tmp_path / name).mkdir()
        (tmp_path / name / "bundle.yaml").write_text(name)
    monkeypatch.setattr(Identifier, "load", lambda folder, strictness, kept: identifiers[folder.name])
    return identifiers


@pytest.fixture
def dances(identifiers, tmp_path):
    return tmp_path / "dances"


def content(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def logs(tmp_path):
    return sorted((tmp_path / "here").iterdir())


def test_a_dry_run_says_what_it_would_write_and_writes_nothing(earmark, folder, dances, tmp_path):
    before = content(folder)
    done = earmark(folder, "--genre", dances)
    assert (done.exit_code, done.stderr) == (0, "")
    assert content(folder) == before
    assert logs(tmp_path) == []
    rows = [line for line in done.stdout.splitlines() if line.startswith("│")]
    assert [row.split()[1::2] for row in rows] == [
        *(["a.mp3", "jig", "│"], ["b.flac", "reel", "│"], ["d.wav", "hornpipe", "│"]),
    ]
    assert "unknown" not in done.stdout.split("1 verdict")[0]
    assert "1 file with nothing missing." in done.stdout
    assert "1 file left out: .mid has no tags that earmark writes." in done.stdout
    assert "1 verdict unknown: left untagged." in done.stdout
    assert "Dry run: 3 tags in 3 files to write: --write does it." in done.stdout


def test_write_undo_undo(earmark, folder, dances, tmp_path):
    before = content(folder)
    done = earmark(folder, "--genre", dances, "--write")
    assert (done.exit_code, done.stderr) == (0, "")
    tags = {path.name: read_tags(path) for path in folder.iterdir() if path.is_file()}
    assert tags == {
        "a.mp3": {"genre": ["jig"]},
        "b.flac": {"genre": ["reel"]},
        "c.ogg": {},
        "d.wav": {"genre": ["hornpipe"]},
        "e.flac": {"genre": ["polka"]},
    }
    [log] = logs(tmp_path)
    assert log.match(
        "earmark-tag-2[0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]-[0-9][0-9][0-9][0-9][0-9][0-9].jsonl"
    )
    assert f"Written: 3 tags in 3 files. Take it back: earmark tag --undo {log}" in done.stdout
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [entry["path"] for entry in entries] == [
        str(folder / name) for name in ("a.mp3", "b.flac", "d.wav")
    ]
    assert {entry["bundles"]["genre"] for entry in entries} == {bundle_hash(dances)}
    done = earmark("--undo", log)
    assert (done.exit_code, done.stdout) == (0, "3 files restored, 0 as before already.\n")
    assert content(folder) == before
    done = earmark("--undo", log)
    assert (done.exit_code, done.stdout) == (0, "0 files restored, 3 as before already.\n")
    assert content(folder) == before


def test_again_only_what_is_left(earmark, folder, dances, identifiers, tmp_path):
    earmark(folder, "--genre", dances, "--write", "--log", tmp_path / "first.jsonl")
    identifiers["dances"].asked.clear()
    done = earmark(folder, "--genre", dances, "--write", "--log", tmp_path / "second.jsonl")
    assert identifiers["dances"].asked == ["c.ogg"]  # what was unknown
    assert "Written: nothing." in done.stdout
    assert "4 files with nothing missing." in done.stdout
    assert not (tmp_path / "second.jsonl").exists()


def test_no_model_is_loaded_where_nothing_is_missing(earmark, folder, dances, monkeypatch):
    monkeypatch.setattr(Identifier, "load", lambda folder, strictness, kept: pytest.fail("loaded"))
    assert earmark(folder / "e.flac", "--genre", dances).exit_code == 0


def test_three_tags_at_once(earmark, folder, dances, identifiers, tmp_path):
    models = ["--genre", dances, "--key", tmp_path / "keys", "--composer", tmp_path / "composers"]
    done = earmark(folder, *models, "--write")
    assert (done.exit_code, done.stderr) == (0, "")
    assert read_tags(folder / "a.mp3") == {"genre": ["jig"], "key": ["Am"], "composer": ["Dvořák"]}
    assert read_tags(folder / "c.ogg") == {"key": ["Am"], "composer": ["Dvořák"]}
    assert read_tags(folder / "e.flac") == {"genre": ["polka"], "key": ["Am"], "composer": ["Dvořák"]}
    assert "e.flac" not in identifiers["dances"].asked
    assert "polka" not in done.stdout  # what stays is not shown
    [log] = logs(tmp_path)
    assert len(log.read_text().splitlines()) == 5  # one line for each file


def test_overwrite(earmark, folder, dances, identifiers):
    identifiers["dances"].verdicts = {"a.mp3": "unknown", "e.flac": "jig"}
    tags = ID3()
    tags.add(TCON(encoding=0, text=["Folk"]))
    tags.save(folder / "a.mp3")
    assert "polka → jig (0.90)" in earmark(folder, "--genre", dances, "--overwrite").stdout
    earmark(folder, "--genre", dances, "--write", "--overwrite")
    assert read_tags(folder / "e.flac") == {"genre": ["jig"]}
    assert read_tags(folder / "a.mp3") == {"genre": ["Folk"]}  # unknown is no reason to take a tag away


def test_overwriting_what_says_the_same_is_counted_and_not_shown(earmark, folder, dances, identifiers):
    identifiers["dances"].verdicts = {"e.flac": "polka"}
    done = earmark(folder / "e.flac", "--genre", dances, "--overwrite")
    assert done.stdout.splitlines() == [
        "1 file with these tags already.",
        "Dry run: 0 tags in 0 files to write.",
    ]


@pytest.mark.parametrize(
    ("said", "genres", "status"),
    [
        ("y\nn\ny\n", ["jig", None, "hornpipe"], "2 tags in 2 files"),
        ("n\nA\n", [None, "reel", "hornpipe"], "2 tags in 2 files"),
        ("y\nq\n", ["jig", None, None], "1 tag in 1 file"),
        ("what\nyes\n\n\n", ["jig", None, None], "1 tag in 1 file"),
        ("y\n", ["jig", None, None], "1 tag in 1 file"),  # no more to read: quit
    ],
)
def test_each_tag_is_written_when_somebody_says_yes(earmark, folder, dances, said, genres, status):
    before = content(folder)
    done = earmark(folder, "--genre", dances, "--ask", "--log", "log", said=said)
    assert done.exit_code == 0
    found = [(read_tags(folder / name) or {}).get("genre") for name in ("a.mp3", "b.flac", "d.wav")]
    assert found == [[genre] if genre else None for genre in genres]
    assert (
        f"{folder}/a.mp3: genre: jig (0.90)\n  write it? [y yes, n no, a all that follow, q quit] "
        in done.stdout
    )
    assert f"Written: {status}." in done.stdout
    earmark("--undo", "log")
    assert content(folder) == before


def test_asking_goes_tag_by_tag_and_counts_what_is_declined(earmark, folder, dances, tmp_path):
    models = ["--genre", dances, "--key", tmp_path / "keys"]
    done = earmark(folder / "a.mp3", *models, "--ask", said="n\ny\n")
    assert read_tags(folder / "a.mp3") == {"key": ["Am"]}
    assert "1 tag not accepted." in done.stdout


def test_no_more_is_heard_after_quit(earmark, folder, dances, identifiers):
    earmark(folder, "--genre", dances, "--ask", said="q\n")
    assert identifiers["dances"].asked == ["a.mp3"]


@pytest.mark.parametrize(("notation", "key"), [("standard", "Am"), ("camelot", "8A"), ("openkey", "1m")])
def test_keys_as_dj_software_reads_them(earmark, folder, identifiers, tmp_path, notation, key):
    earmark(folder, "--key", tmp_path / "keys", "--key-notation", notation, "--write")
    assert {tuple(read_tags(folder / name)["key"]) for name in VERDICTS} == {(key,)}


def test_several_genres(earmark, folder, dances):
    earmark(folder, "--genre", dances, "--genres", "2", "--write", "--log", "log")
    assert read_tags(folder / "a.mp3")["genre"] == ["jig", "reel"]
    assert read_tags(folder / "b.flac")["genre"] == ["reel", "jig"]
    assert json.loads(Path("log").read_text().splitlines()[0])["new"] == {"genre": ["jig", "reel"]}


def test_beats_a_minute_of_what_has_a_pulse(earmark, tmp_path):
    beats = np.zeros(15 * RATE_HZ, np.float32)
    for start in range(1000, len(beats) - 1000, RATE_HZ // 2):  # 120 a minute
        beats[start : start + 500] = 0.5 * np.sin(np.arange(500) / 4)
    (tmp_path / "music").mkdir()
    for name in ("a.flac", "b.mp3"):
        soundfile.write(tmp_path / "music" / name, beats, RATE_HZ)
    noise = np.random.default_rng(0).normal(0, 0.1, len(beats))
    soundfile.write(tmp_path / "music" / "c.flac", noise, RATE_HZ)
    before = content(tmp_path / "music")
    done = earmark(tmp_path / "music", "--bpm", "--write", "--log", "log")
    assert (done.exit_code, "1 verdict unknown" in done.stdout) == (0, True)
    assert [read_tags(path) for path in sorted((tmp_path / "music").iterdir())] == [
        *({"bpm": ["120"]}, {"bpm": ["120"]}, {}),
    ]
    assert json.loads(Path("log").read_text().splitlines()[0])["bundles"]["bpm"].startswith("earmark ")
    earmark("--undo", "log")
    assert content(tmp_path / "music") == before


def test_settings_in_a_file_and_flags_that_win(earmark, folder, identifiers, dances, tmp_path):
    settings = tmp_path / "config" / "earmark" / "tag.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'key = "{tmp_path / "keys"}"\ngenre = "{dances}"\nkey-notation = "camelot"\n')
    done = earmark(folder)
    assert done.stderr == f"earmark: {settings} sets key, genre, key-notation\n"
    assert "8A (0.90)" in done.stdout
    assert "jig (0.90)" in done.stdout
    done = earmark(folder, "--key-notation", "openkey", "--genre", "")
    assert "1m (0.90)" in done.stdout
    assert "jig (0.90)" not in done.stdout
    assert earmark(folder, "--key").exit_code == 0  # the file's bundle, not the one that comes along
    settings.write_text("writes = true")
    done = earmark(folder)
    assert (done.exit_code, done.stderr.startswith(f"earmark: error: {settings}: writes is no setting")) == (
        2,
        True,
    )
    assert earmark("--undo", "none").stderr.endswith("No such file or directory: none\n")


def test_a_tag_that_came_meanwhile_stays(earmark, folder, dances, identifiers):
    (folder / "z.mp3").symlink_to(folder / "a.mp3")
    identifiers["dances"].verdicts["z.mp3"] = "strathspey"
    assert earmark(folder, "--genre", dances, "--write").exit_code == 0
    assert read_tags(folder / "a.mp3") == {"genre": ["jig"]}


def test_bad_files_have_a_line_each_and_the_others_go_on(earmark, folder, dances, identifiers):
    (folder / "broken.flac").write_bytes(b"fLaC")
    identifiers["dances"].verdicts["b.flac"] = "!silent: there is nothing to hear"
    (folder / "d.wav").chmod(0o444)
    done = earmark(folder, "--genre", dances, "--write")
    assert done.exit_code == 1
    lines = done.stderr.splitlines()
    assert [line.split(":")[2].strip() for line in lines] == [
        str(folder / name) for name in ("broken.flac", "b.flac", "d.wav")
    ]
    assert "silent: there is nothing to hear" in lines[1]
    assert "write-protected" in lines[2]
    assert read_tags(folder / "a.mp3") == {"genre": ["jig"]}


def test_interrupted_and_run_again(earmark, folder, dances, identifiers, tmp_path):
    before = content(folder)
    identifiers["dances"].verdicts = {**VERDICTS, "c.ogg": KeyboardInterrupt()}
    done = earmark(folder, "--genre", dances, "--write", "--log", "one.jsonl")
    assert done.exit_code == 130
    assert "interrupted: the same command goes on" in done.stderr
    assert "Written: 2 tags in 2 files." in done.stdout
    identifiers["dances"].verdicts = dict(VERDICTS)
    identifiers["dances"].asked.clear()
    assert earmark(folder, "--genre", dances, "--write", "--log", "two.jsonl").exit_code == 0
    assert identifiers["dances"].asked == ["c.ogg", "d.wav"]
    log = Path("one.jsonl")
    log.write_bytes(log.read_bytes() + b'{"version": 1, "path": "/mu')
    done = earmark("--undo", "one.jsonl")
    assert done.exit_code == 0
    assert "The last line of one.jsonl is cut" in done.stdout
    assert earmark("--undo", "two.jsonl").exit_code == 0
    assert content(folder) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_killed_between_log_and_file(earmark, folder, dances, monkeypatch, number):
    """A kill ends it like Control-C: the file is as it was, and no copy lies beside it."""
    before = content(folder)
    handlers = signal.getsignal(number)
    monkeypatch.setattr(rewrite.os, "replace", lambda *_: signal.raise_signal(number))
    done = earmark(folder, "--genre", dances, "--write", "--log", "log")
    monkeypatch.undo()
    assert done.exit_code == 130
    assert content(folder) == before
    assert signal.getsignal(number) == handlers
    done = CliRunner().invoke(cli.app, ["tag", "--undo", str(folder.parent / "here" / "log")])
    assert (done.exit_code, done.stdout) == (0, "0 files restored, 1 as before already.\n")


def test_what_changed_since_is_left_alone_and_the_others_are_restored(earmark, folder, dances):
    before = content(folder)
    earmark(folder, "--genre", dances, "--write", "--log", "log")
    file = mutagen.File(folder / "b.flac")
    file["title"] = ["mine"]
    file.save()
    (folder / "d.wav").unlink()
    done = earmark("--undo", "log")
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        f"earmark: error: {folder / 'd.wav'}: is no longer there: left alone",
        f"earmark: error: {folder / 'b.flac'}: has changed since it was tagged: left alone",
    ]
    assert "1 file restored" in done.stdout
    assert (folder / "a.mp3").read_bytes() == before["a.mp3"]
    assert mutagen.File(folder / "b.flac")["title"] == ["mine"]


def test_a_fault_of_the_whole_run_is_one_line_after_what_was_done(earmark, folder, dances, identifiers):
    identifiers["dances"].verdicts = {"b.flac": EarmarkError("ffmpeg failed")}
    done = earmark(folder, "--genre", dances, "--write")
    assert (done.exit_code, done.stderr) == (1, "earmark: error: ffmpeg failed\n")
    assert "Written: 1 tag in 1 file." in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "which music?"),
        (["MUSIC"], "which tags?"),
        (["MUSIC", "--genre", "DANCES", "--log", "x"], "goes with --write"),
        (["MUSIC", "--undo", "x"], "stands alone"),
        (["--undo", "x", "--write"], "stands alone"),
        (["--undo", "x", "--bpm"], "stands alone"),
        (["MUSIC", "--key", "DANCES", "--key-notation", "german"], "german is none of standard, camelot"),
        (["MUSIC", "--genre", "DANCES", "--genres", "0"], "Invalid value for '--genres'"),
        (["--undo", "x"], "x cannot be read"),
        (["nowhere", "--genre", "DANCES"], "nowhere does not exist"),
        (["MUSIC", "--genre", "nowhere"], "nowhere is not a bundle"),
        (["MUSIC", "--key", "DANCES"], "its label 'jig' is no key"),
        (["MUSIC", "--composer", "ASKED"], "it has learned to say genre"),
        (
            ["MUSIC", "--genre", "DANCES", "--write", "--log", "MUSIC/a.mp3"],
            "exists: a log belongs to one run",
        ),
        (["MUSIC", "--genre", "DANCES", "--write", "--log", "no/where"], "choose another place"),
        (["MUSIC/empty", "--genre", "DANCES"], "no music in"),
    ],
)
def test_wrong_usage_is_status_2_and_writes_nothing(earmark, folder, dances, arguments, message):
    (folder / "empty").mkdir()
    before = content(folder)
    places = {"MUSIC": folder, "DANCES": dances, "ASKED": dances.with_name("asked")}
    for name, place in places.items():
        arguments = [argument.replace(name, str(place)) for argument in arguments]
    done = earmark(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert content(folder) == before


def test_names_that_are_no_utf_8_and_markup(earmark, folder, dances):
    path = (folder / "a.mp3").rename(folder / os.fsdecode(b"[red]\xff.mp3"))
    before = path.read_bytes()
    done = earmark(folder, "--genre", dances, "--write", "--log", "log")
    assert done.exit_code == 0
    assert path.read_bytes() != before
    assert r"[red]\xff.mp3" in done.stdout
    assert earmark("--undo", "log").exit_code == 0
    assert path.read_bytes() == before


def test_with_a_real_bundle(earmark, small_bundle, tmp_path):
    """It has learned nothing: whatever it answers is written and taken back."""
    small_bundle.save(tmp_path / "models")
    time_s = np.arange(8 * RATE_HZ) / RATE_HZ
    song = 0.4 * np.sin(2 * np.pi * 440 * time_s) * (1 + np.sin(2 * np.pi * 0.7 * time_s)) / 2
    (tmp_path / "music").mkdir()
    soundfile.write(tmp_path / "music" / "a.flac", song, RATE_HZ)
    before = content(tmp_path / "music")
    done = earmark(tmp_path / "music", "--composer", tmp_path / "models", "--write", "--log", "log")
    assert (done.exit_code, done.stderr) == (0, "")
    [composer] = read_tags(tmp_path / "music" / "a.flac")["composer"]
    assert composer in small_bundle.labels
    assert f"{composer} (" in done.stdout
    assert earmark("--undo", "log").exit_code == 0
    assert content(tmp_path / "music") == before
