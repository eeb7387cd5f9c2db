"""The cache of everything that is computed per piece."""

import errno
import hashlib
import json
import os
from collections import namedtuple
from pathlib import Path

import pytest

from earmark import store as module
from earmark.errors import EarmarkError, PieceError
from earmark.store import Store, digest_file, digest_settings, keep_only, link

KEY = "ab" + 62 * "0"
NO_SPACE = "no space left on the disk of .*: free some, then run again"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


@pytest.fixture
def made():
    """A function for `fetch` that writes `content` and counts its calls."""

    class Made:
        calls = 0
        content = b"sound"

        def __call__(self, path):
            self.calls += 1
            path.write_bytes(self.content)

    return Made()


def files_of(folder):
    """Files below a folder but for lock files, which hold nothing."""
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]


def overwrite(entry, content):
    """Write into the entry's own inode, as an editor may, and let time pass."""
    entry.chmod(0o644)
    status = entry.stat()
    with entry.open("r+b") as file:
        file.truncate(0)
        file.write(content)
    os.utime(entry, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000_000))


def test_an_entry_is_made_once_and_is_what_was_written(store, made):
    first = store.fetch("audio", KEY, ".wav", made)
    second = store.fetch("audio", KEY, ".wav", made)
    assert first == second == store.path("audio", KEY, ".wav") == store.find("audio", KEY, ".wav")
    assert first.read_bytes() == b"sound"
    assert made.calls == 1


def test_kinds_keys_and_suffixes_do_not_meet(store):
    places = [
        ("audio", KEY, ".wav"),
        ("raw", KEY, ".wav"),
        ("audio", KEY, ".npy"),
        ("audio", "c" + KEY, ".wav"),
    ]
    for place in places:
        store.fetch(*place, lambda path, place=place: path.write_text(str(place)))
    assert [store.find(*place).read_text() for place in places] == [str(place) for place in places]


def test_what_was_never_made_is_not_found(store):
    assert store.find("audio", KEY, ".wav") is None


def test_an_entry_is_read_only(store, made):
    assert store.fetch("audio", KEY, ".wav", made).stat().st_mode & 0o777 == 0o444


def test_the_digest_is_that_of_the_bytes(store, made):
    entry = store.fetch("audio", KEY, ".wav", made)
    assert store.digest(entry) == hashlib.sha256(b"sound").hexdigest() == digest_file(entry)


@pytest.mark.parametrize("content", [b"hound", b"sou", b"", b"sound and more"])
def test_a_tampered_entry_is_found_and_computed_anew(store, made, content):
    entry = store.fetch("audio", KEY, ".wav", made)
    overwrite(entry, content)
    assert store.find("audio", KEY, ".wav") is None
    assert store.fetch("audio", KEY, ".wav", made).read_bytes() == b"sound"
    assert made.calls == 2


def test_a_touched_entry_of_the_same_bytes_stays(store, made):
    entry = store.fetch("audio", KEY, ".wav", made)
    overwrite(entry, b"sound")
    store.fetch("audio", KEY, ".wav", made)
    assert made.calls == 1
    assert json.loads(Path(f"{entry}.json").read_text())["mtime_ns"] == entry.stat().st_mtime_ns


@pytest.mark.parametrize("note", [None, "", "[]", "{}", '"x"', '{"sha256": "0", "size": 5}', "\x00"])
def test_an_entry_without_a_sound_note_is_computed_anew(store, made, note):
    entry = store.fetch("audio", KEY, ".wav", made)
    beside = Path(f"{entry}.json")
    beside.unlink() if note is None else beside.write_text(note)
    assert store.find("audio", KEY, ".wav") is None
    store.fetch("audio", KEY, ".wav", made)
    assert made.calls == 2
    assert store.find("audio", KEY, ".wav") == entry


@pytest.mark.parametrize(
    "error", [PieceError("no notes"), ValueError("x"), OSError(errno.EIO, "y"), KeyboardInterrupt()]
)
def test_a_failing_make_reaches_the_caller_and_leaves_nothing(store, made, error):
    def fail(path):
        path.write_bytes(b"half")
        raise error

    with pytest.raises(type(error)) as caught:
        store.fetch("audio", KEY, ".wav", fail)
    assert caught.value is error
    assert files_of(store.root) == []
    assert store.fetch("audio", KEY, ".wav", made).read_bytes() == b"sound"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_line_and_no_fault_of_the_piece(store, code):
    def fail(path):
        raise OSError(code, os.strerror(code))

    with pytest.raises(EarmarkError, match=NO_SPACE) as caught:
        store.fetch("audio", KEY, ".wav", fail)
    assert not isinstance(caught.value, PieceError)
    assert files_of(store.root) == []


@pytest.mark.parametrize("place", ["FileLock", "replacing", "write_text"])
def test_a_full_disk_is_one_line_wherever_it_shows(store, made, monkeypatch, place):
    monkeypatch.setattr(module, place, raising(errno.ENOSPC))
    with pytest.raises(EarmarkError, match=NO_SPACE):
        store.fetch("audio", KEY, ".wav", made)
    monkeypatch.undo()
    assert store.find("audio", KEY, ".wav") is None


# What soundfile and NumPy raise on a full disk: neither has the number of the error.
@pytest.mark.parametrize("error", [OSError("1000 requested and 131 written"), RuntimeError("System error.")])
@pytest.mark.parametrize("free", [0, 1 << 30])
def test_a_full_disk_is_told_where_a_library_hides_it(store, monkeypatch, error, free):
    usage = namedtuple("usage", "total used free")(1 << 30, 0, free)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: usage)

    def fail(path):
        raise error

    with pytest.raises(type(error) if free else EarmarkError, match=None if free else NO_SPACE):
        store.fetch("audio", KEY, ".wav", fail)


def test_a_bad_piece_on_a_full_disk_is_still_a_bad_piece(store, monkeypatch):
    usage = namedtuple("usage", "total used free")(1 << 30, 0, 0)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: usage)

    def fail(path):
        raise PieceError("MIDI file has no notes")

    with pytest.raises(PieceError, match="MIDI file has no notes"):
        store.fetch("audio", KEY, ".wav", fail)


FETCH = """
import sys, time
from pathlib import Path
from earmark.store import Store

def make(path):
    with open(sys.argv[2], "a") as calls:
        calls.write("call\\n")
    with path.open("wb") as file:
        file.write(b"so")
        file.flush()
        print("half", flush=True)
        {wait}
        file.write(b"und")

print("ready", flush=True)
sys.stdin.readline()
print(Store(Path(sys.argv[1])).fetch("audio", "ab00", ".wav", make).read_bytes(), flush=True)
"""


def test_processes_that_ask_at_the_same_time_compute_once(store, tmp_path, python):
    calls = tmp_path / "calls"
    code = FETCH.format(wait="time.sleep(0.5)")
    processes = [python(code, store.root, calls) for _ in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    answers = []
    for process in processes:  # all wait at the line above; now they run
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        out, err = process.communicate()
        assert err == ""
        answers.append(out.replace("half\n", ""))
    assert answers == ["b'sound'\n"] * 4
    assert calls.read_text() == "call\n"


def test_a_killed_writer_leaves_no_entry_and_no_lock(store, made, tmp_path, python):
    process = python(FETCH.format(wait="time.sleep(600)"), store.root, tmp_path / "calls")
    process.stdin.write("go\n")
    process.stdin.flush()
    assert [process.stdout.readline() for _ in range(2)] == ["ready\n", "half\n"]
    process.kill()
    process.wait()
    assert store.find("audio", "ab00", ".wav") is None
    assert store.fetch("audio", "ab00", ".wav", made).read_bytes() == b"sound"


def test_the_order_of_settings_does_not_matter_and_every_value_does():
    settings = {"rate": 44100, "gain": 0.2, "inner": {"a": 1, "b": [1, 2]}, "path": Path("x")}
    turned = {"path": Path("x"), "inner": {"b": [1, 2], "a": 1}, "gain": 0.2, "rate": 44100}
    assert digest_settings(settings) == digest_settings(turned)
    others = [
        {**settings, "rate": 44101},
        {**settings, "rate": "44100"},
        {**settings, "gain": None},
        {**settings, "inner": {"a": 1, "b": [2, 1]}},
        {**settings, "path": Path("y")},
        {key: value for key, value in settings.items() if key != "rate"},
    ]
    assert len({digest_settings(other) for other in [settings, *others]}) == len(others) + 1


def test_a_digest_of_settings_is_the_same_in_a_fresh_process(python):
    process = python("from earmark.store import *; print(digest_settings({'b': 'é', 'a': 0.1}))")
    assert process.communicate()[0].strip() == digest_settings({"a": 0.1, "b": "é"})


def test_a_link_is_the_entry_itself(store, made, tmp_path):
    entry = store.fetch("audio", KEY, ".wav", made)
    target = tmp_path / "data" / "audio" / "a.wav"
    for _ in range(2):
        link(entry, target)
        assert os.path.samefile(entry, target)
    assert os.listdir(target.parent) == ["a.wav"]


def test_a_link_takes_the_place_of_what_was_there(store, made, tmp_path):
    entry = store.fetch("audio", KEY, ".wav", made)
    target = tmp_path / "a.wav"
    target.write_bytes(b"older")
    (tmp_path / ".a.wav.tmp").write_bytes(b"left by a kill")
    link(entry, target)
    assert os.path.samefile(entry, target)
    assert not (tmp_path / ".a.wav.tmp").exists()


def raising(code):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM, errno.EMLINK])
def test_where_file_systems_differ_it_is_a_read_only_copy(store, made, tmp_path, monkeypatch, code):
    entry = store.fetch("audio", KEY, ".wav", made)
    monkeypatch.setattr(os, "link", raising(code))
    link(entry, tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == b"sound"
    assert not os.path.samefile(entry, tmp_path / "a.wav")
    assert (tmp_path / "a.wav").stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [(errno.ENOSPC, EarmarkError, NO_SPACE), (errno.EACCES, PermissionError, "Permission denied")],
)
def test_a_link_that_cannot_be_made_says_why(store, made, tmp_path, monkeypatch, code, kind, text):
    entry = store.fetch("audio", KEY, ".wav", made)
    monkeypatch.setattr(os, "link", raising(code))
    with pytest.raises(kind, match=text):
        link(entry, tmp_path / "a.wav")


def test_only_the_named_files_are_kept(tmp_path):
    folder, elsewhere = tmp_path / "audio", tmp_path / "elsewhere"
    for path in (folder / "a.wav", folder / "b.wav", folder / "inner" / "c.wav", elsewhere / "mine.wav"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    (folder / "link").symlink_to(elsewhere)
    (folder / "dangling").symlink_to(folder / "nowhere")
    keep_only(folder, {"a.wav", "not there"})
    assert os.listdir(folder) == ["a.wav"]
    assert (elsewhere / "mine.wav").read_text() == "x"


def test_keeping_makes_the_folder(tmp_path):
    keep_only(tmp_path / "a" / "b", set())
    assert (tmp_path / "a" / "b").is_dir()
