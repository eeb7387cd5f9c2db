"""`earmark cache`, as somebody types it."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from earmark.apps import cli
from earmark.identify.kept import Embedded, Kept
from earmark.store import Store, link

CONF = Path(__file__).parents[3] / "conf"
KEYS = [f"{number:02x}" + 62 * "0" for number in range(8)]
OLD_S = 1_000_000_000  # 2001


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A checkout, in which we are; its store has four WAV files and one array."""
    monkeypatch.delenv("EARMARK_STORE", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    folder = tmp_path / "checkout"
    shutil.copytree(CONF, folder / "conf")
    (folder / "dvc.yaml").touch()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def store(project, monkeypatch):
    store = Store(project / ".cache")
    monkeypatch.setenv("EARMARK_STORE", str(store.root))  # a config takes time to compose
    for number in range(4):
        put(store, "audio", number, b"sound%d" % number)
    put(store, "features", 0, b"x" * 2000)
    return store


def put(store, kind, number, content):
    return store.fetch(kind, KEYS[number], ".wav", lambda path: path.write_bytes(content))


def path(store, number):
    return store.path("audio", KEYS[number], ".wav")


def earmark(*arguments):
    return CliRunner().invoke(cli.app, ["cache", *map(str, arguments)])


def refused(done):
    """The one line of a command that did nothing."""
    assert done.exit_code == 2
    assert done.stderr.startswith("earmark: error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.wav*"))


def age(store, number):
    entry = path(store, number)
    entry.chmod(0o644)
    note = json.loads(Path(f"{entry}.json").read_text())
    Path(f"{entry}.json").write_text(json.dumps({**note, "mtime_ns": OLD_S * 10**9}))
    for name in (entry, f"{entry}.json"):
        os.utime(name, (OLD_S, OLD_S))


def tamper(entry):
    status = entry.stat()
    entry.chmod(0o644)
    entry.write_bytes(b"hound!")
    os.utime(entry, ns=(status.st_atime_ns, status.st_mtime_ns))


def leave(store, number):
    """What a killed writer leaves."""
    entry = path(store, number)
    entry.with_name(f".{entry.name}.0123abcd.tmp.wav").write_bytes(b"half")


def test_ls(store, project):
    link(path(store, 0), project / "data" / "a.wav")
    leave(store, 1)
    done = earmark("ls")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == str(store.root)
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in lines if line.startswith("│")]
    assert rows == [
        ["audio", "4", "24 bytes", "1"],
        ["features", "1", "2.0 kB", "0"],
        ["all", "5", "2.0 kB", "1"],
    ]
    assert "Left by killed writers: 1 files, 4 bytes; `earmark cache gc --write`" in done.stdout


def test_ls_json(store):
    leave(store, 1)
    assert json.loads(earmark("ls", "--json").stdout) == {
        "store": str(store.root),
        "kinds": {
            "audio": {"entries": 4, "bytes": 24, "linked": 0},
            "features": {"entries": 1, "bytes": 2000, "linked": 0},
        },
        "entries": 5,
        "bytes": 2024,
        "leftovers": {"files": 1, "bytes": 4},
        "being_written": {"files": 0, "bytes": 0},
        "heard": None,  # the tests keep nothing
    }


def test_which_store(store, project, tmp_path, monkeypatch):
    other = Store(tmp_path / "other")
    put(other, "raw", 0, b"x")
    assert "raw" in earmark("ls", "--store", other.root).stdout
    monkeypatch.delenv("EARMARK_STORE")
    assert "features" in earmark("ls").stdout
    monkeypatch.setenv("EARMARK_STORE", str(other.root))
    assert "raw" in earmark("ls").stdout
    monkeypatch.delenv("EARMARK_STORE")
    (project / "overrides.yaml").write_text(f"overrides: ['store.path={other.root}']\n")
    assert "raw" in earmark("ls").stdout
    assert "nowhere is not there" in refused(earmark("ls", "--store", tmp_path / "nowhere"))


def test_gc_without_a_rule_takes_leftovers_and_is_a_dry_run(store):
    leave(store, 1)
    before = files(store.root)
    done = earmark("gc")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "Kept: 5 no rule given." in done.stdout
    assert f"Dry run: 1 file, 4 bytes to remove from {store.root}: --write does it." in done.stdout
    assert files(store.root) == before
    assert "Removed from" in earmark("gc", "--write").stdout
    assert files(store.root) == [name for name in before if "tmp" not in name]
    assert "Dry run: 0 files, 0 bytes to remove" in earmark("gc").stdout


def test_gc_by_age(store, project):
    age(store, 0)
    age(store, 1)
    link(path(store, 1), project / "data" / "a.wav")
    done = earmark("gc", "--older-than", "30d", "--write")
    assert "Kept: 1 linked, 3 recent." in done.stdout
    assert f"Removed from {store.root}: 1 file, 6 bytes." in done.stdout
    assert [store.find("audio", KEYS[number], ".wav") is None for number in range(4)] == [True] + 3 * [False]
    assert not path(store, 0).exists()


def test_gc_of_what_nothing_refers_to(store, project):
    link(path(store, 0), project / "runs" / "1" / "data" / "audio" / "a.wav")
    (project / "data").mkdir()
    shutil.copyfile(path(store, 1), project / "data" / "copy.wav")
    done = earmark("gc", "--unreferenced", "--write")
    assert "gc: 5/5 files in" in done.stdout
    assert "Kept: 1 linked, 1 referred to." in done.stdout
    assert [store.find("audio", KEYS[number], ".wav") is None for number in range(4)] == [
        *(False, False),
        *(True, True),
    ]


def test_gc_waits_for_a_run_and_a_dry_run_does_not(store):
    age(store, 0)
    with store.in_use():
        message = refused(earmark("gc", "--older-than", "1d", "--write"))
        assert f"a run is using {store.root}: collect when it has ended" in message
        assert "Dry run: 1 file" in earmark("gc", "--older-than", "1d").stdout
        leave(store, 1)
        assert earmark("gc", "--write").exit_code == 0
    assert path(store, 0).exists()
    assert earmark("gc", "--older-than", "1d", "--write").exit_code == 0
    assert not path(store, 0).exists()


@pytest.mark.parametrize("text", ["30", "d", "-3d", "3 years", "x"])
def test_an_age_that_is_none(store, text):
    done = earmark("gc", "--older-than", text)
    assert done.exit_code == 2
    assert "for example 30d" in done.stderr


@pytest.mark.parametrize("option", [[], ["--dry-run"]])
def test_verify_finds_what_was_changed_with_size_and_time_kept(store, project, option):
    link(path(store, 2), project / "data" / "audio" / "c.wav")
    for number in (1, 2):
        tamper(path(store, number))
    done = earmark("verify", *option)
    assert done.exit_code == 1
    assert sorted(done.stderr.splitlines()) == [
        f"earmark: error: {path(store, number)}: its bytes are not those that were made" for number in (1, 2)
    ]
    assert "verify: 5/5 entries in" in done.stdout
    assert (
        f"2 damaged: {'left there, a dry run' if option else 'removed, to be computed anew'}." in done.stdout
    )
    assert f"  {project / 'data' / 'audio' / 'c.wav'}\n" in done.stdout
    assert [path(store, number).exists() for number in range(4)] == [True, bool(option), bool(option), True]
    assert earmark("verify").exit_code == bool(option)


def test_verify_of_a_sound_store(store):
    done = earmark("verify")
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"All 5 entries of {store.root} are sound." in done.stdout


@pytest.fixture
def heard(tmp_path, monkeypatch):
    """Two files that were heard, one of them long ago."""
    monkeypatch.setenv("EARMARK_KEPT", str(tmp_path / "kept"))
    kept = Kept.of_user()
    for number, asked in ((1, 1000), (2, None)):
        key = f"{number:064x}"
        kept.add(key, Embedded(np.zeros((1, 3), np.float32), np.zeros(1)))
        if asked:
            os.utime(kept._entry(key), (asked, asked))
    return kept


def test_outside_of_a_checkout_what_was_heard_is_shown(heard, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EARMARK_STORE", raising=False)
    done = CliRunner().invoke(cli.app, ["cache", "ls"])
    assert done.exit_code == 0
    assert done.stdout.startswith("Heard: 2 files, ")
    assert json.loads(CliRunner().invoke(cli.app, ["cache", "ls", "--json"]).stdout)["heard"]["files"] == 2


@pytest.mark.parametrize(("rule", "left"), [((), 0), (("--older-than", "30d"), 1)])
def test_what_was_heard_is_removed_when_asked_for(heard, rule, left):
    def gc(*more):
        return CliRunner().invoke(cli.app, ["cache", "gc", "--heard", *rule, *more]).stdout

    assert gc().startswith(f"Dry run: {2 - left} files, ")
    assert len(heard.entries()) == 2
    assert gc("--write").startswith(f"Removed from {heard.root}: {2 - left} files, ")
    assert len(heard.entries()) == left


def test_where_nothing_is_kept_nothing_is_to_remove():
    done = CliRunner().invoke(cli.app, ["cache", "gc", "--heard"])
    assert done.exit_code == 2
    assert "EARMARK_KEPT is empty" in done.stderr
