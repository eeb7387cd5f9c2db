"""The cache of everything that is computed per piece."""

import errno
import hashlib
import json
import os
import re
from collections import namedtuple
from pathlib import Path

import filelock
import pytest

from earmark.foundation.errors import EarmarkError, PieceError
from earmark.store import Store, digest_file, local
from earmark.store import entry as entry_module
from earmark.store.remote import Remote

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


def test_a_config_names_the_store_and_the_environment_comes_before_it(tmp_path, monkeypatch):
    monkeypatch.delenv(local.VARIABLE, raising=False)
    assert Store.of("cache", "", tmp_path) == Store(tmp_path / "cache")
    assert Store.of("~/cache", "", tmp_path) == Store(Path.home() / "cache")
    assert Store.of("/mnt/cache", "s3://x/y", tmp_path) == Store(Path("/mnt/cache"), Remote("s3://x/y"))
    assert Store(tmp_path, Remote("s3://x/y")).on_this_machine() == Store(tmp_path, Remote("s3://x/y"))
    monkeypatch.setenv(local.VARIABLE, str(tmp_path / "mine"))
    assert Store.of("cache", "", tmp_path) == Store(tmp_path / "mine")
    # A worker of another machine has a store of its own where a remote joins them.
    assert Store(tmp_path).on_this_machine() == Store(tmp_path)
    remote = Remote("s3://x/y")
    assert Store(tmp_path, remote).on_this_machine() == Store(tmp_path / "mine", remote)


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


@pytest.mark.parametrize(
    ("module", "place"), [(filelock, "FileLock"), (entry_module, "write_note"), (local, "publish")]
)
def test_a_full_disk_is_one_line_wherever_it_shows(store, made, monkeypatch, module, place):
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
    monkeypatch.setattr(local.shutil, "disk_usage", lambda path: usage)

    def fail(path):
        raise error

    with pytest.raises(type(error) if free else EarmarkError, match=None if free else NO_SPACE):
        store.fetch("audio", KEY, ".wav", fail)


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENOMEM, errno.EROFS, errno.ESTALE])
def test_what_the_machine_lacks_is_no_fault_of_the_piece(store, code):
    def fail(path):
        raise OSError(code, os.strerror(code))

    with pytest.raises(EarmarkError, match=f"the store .* cannot be used: {os.strerror(code)}") as caught:
        store.fetch("audio", KEY, ".wav", fail)
    assert not isinstance(caught.value, PieceError)


def test_a_store_whose_folder_is_none_is_no_fault_of_the_piece(store, made):
    folder = store.path("audio", KEY, ".wav").parent
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    with pytest.raises(EarmarkError, match="cannot be used: File exists: ") as caught:
        store.fetch("audio", KEY, ".wav", made)
    assert not isinstance(caught.value, PieceError)


def test_an_entry_that_cannot_be_pulled_is_one_line(store):
    folder = store.path("audio", KEY, ".wav").parent
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    with pytest.raises(EarmarkError, match="cannot be used: File exists: "):
        store.pull("audio", KEY, ".wav")


def test_a_bad_piece_on_a_full_disk_is_still_a_bad_piece(store, monkeypatch):
    usage = namedtuple("usage", "total used free")(1 << 30, 0, 0)
    monkeypatch.setattr(local.shutil, "disk_usage", lambda path: usage)

    def fail(path):
        raise PieceError("MIDI file has no notes")

    with pytest.raises(PieceError, match="MIDI file has no notes"):
        store.fetch("audio", KEY, ".wav", fail)


FETCH = """
import sys
from pathlib import Path
from earmark.store import Store

def make(path):
    with open(sys.argv[2], "a") as calls:
        calls.write("call\\n")
    with path.open("wb") as file:
        file.write(b"so")
        file.flush()
        print("half", flush=True)
        sys.stdin.readline()
        file.write(b"und")

print("ready", flush=True)
print(Store(Path(sys.argv[1])).fetch("audio", "ab00", ".wav", make).read_bytes(), flush=True)
"""


def test_processes_that_ask_at_the_same_time_compute_once(store, tmp_path, python):
    calls = tmp_path / "calls"
    processes = [python(FETCH, store.root, calls) for _ in range(4)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:  # one of them makes the entry and reads this; the others wait for it
        process.stdin.write("go on\n")
        process.stdin.flush()
    for process in processes:
        out, err = process.communicate()
        assert (out.replace("half\n", ""), err) == ("b'sound'\n", "")
    assert calls.read_text() == "call\n"


def test_a_killed_writer_leaves_no_entry_and_no_lock(store, made, tmp_path, python):
    process = python(FETCH, store.root, tmp_path / "calls")
    assert [process.stdout.readline() for _ in range(2)] == ["ready\n", "half\n"]
    process.kill()
    process.wait()
    assert store.find("audio", "ab00", ".wav") is None
    assert store.fetch("audio", "ab00", ".wav", made).read_bytes() == b"sound"


def raising(code):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    return fail


WRITE = """
import sys
from pathlib import Path
from earmark.store import Store

def make(path):
    print("making", flush=True)
    with path.open("wb") as file:
        for _ in range(4):
            file.write(bytes(50_000))
            file.flush()

for number in range(1000):
    Store(Path(sys.argv[1])).fetch("audio", f"{number:064x}", ".wav", make)
"""
OF_A_KILL = re.compile(r"\..+\.tmp(\.wav|\.json)|.+\.lock|[0-9a-f]{64}\.wav\.json")


def kill(process):
    process.kill()
    process.wait()


def test_a_writer_killed_at_any_moment_leaves_whole_entries_and_what_gc_knows(store, python):
    """Many writers, each killed while it makes one entry more than the one before, into one store."""
    for begun in range(1, 8):
        process = python(WRITE, store.root)
        assert [process.stdout.readline() for _ in range(begun)] == ["making\n"] * begun
        kill(process)
        files = {path.name: path for path in store.root.rglob("*") if path.is_file()}
        entries = [path for name, path in files.items() if re.fullmatch(r"[0-9a-f]{64}\.wav", name)]
        for path in entries:  # never half, never without a note, never with a wrong one
            assert store.find("audio", path.stem, ".wav") == path
            assert path.stat().st_size == 200_000
            assert store.digest(path) == digest_file(path)
        notes = {f"{path.name}.json" for path in entries}
        others = set(files) - notes - {path.name for path in entries}
        assert [name for name in others if not OF_A_KILL.fullmatch(name)] == []
        assert len(entries) >= begun * (begun - 1) // 2


def test_several_use_it_at_once_and_a_collector_alone(store, tmp_path):
    with store.in_use(), store.in_use(), pytest.raises(EarmarkError, match="a run is using"), store.alone():
        pass
    with store.alone(), pytest.raises(EarmarkError, match="a run is using"), store.alone():
        pass


def test_a_killed_user_does_not_bar_the_collector(store, python):
    code = """
import sys
from pathlib import Path
from earmark.store import Store
with Store(Path(sys.argv[1])).in_use():
    print("in", flush=True)
    sys.stdin.readline()
"""
    process = python(code, store.root)
    process.stdout.readline()
    with pytest.raises(EarmarkError, match="a run is using"), store.alone():
        pass
    process.kill()
    process.wait()
    with store.alone():
        pass


def test_a_store_that_may_only_be_read_is_used_without_a_lock(store, monkeypatch):
    monkeypatch.setattr(local.os, "open", raising(errno.EROFS))
    with store.in_use():
        pass
    with pytest.raises(OSError, match="Read-only"), store.alone():
        pass


def test_what_happens_while_a_store_is_used_is_not_hushed(store):
    for used in (store.in_use, store.alone):
        with pytest.raises(BlockingIOError, match="mine"), used():
            raise BlockingIOError("mine")


def test_a_store_that_may_only_be_read_is_read(store, made, monkeypatch):
    entry = store.fetch("audio", KEY, ".wav", made)
    overwrite(entry, b"sound")
    monkeypatch.setattr(entry_module, "write_note", raising(errno.EROFS))
    assert store.find("audio", KEY, ".wav") == entry


AT_EVERY_LINE = """
import os, signal, sys
from pathlib import Path
from earmark.foundation.closure import PACKAGE
from earmark.store import Store

def make(path):
    path.write_bytes(b"so")
    with path.open("ab") as file:
        file.write(b"und")

def kill_at(moment):
    lines = 0
    def trace(frame, event, argument):
        nonlocal lines
        if not frame.f_code.co_filename.startswith(str(PACKAGE)) and frame.f_code.co_name != "make":
            return None
        lines += 1
        if lines == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace
    sys.settrace(trace)

for moment in range(1, 1000):
    store = Store(Path(sys.argv[1]) / str(moment))
    if (child := os.fork()) == 0:
        kill_at(moment)
        store.fetch("audio", "ab00", ".wav", make)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    before = store.find("audio", "ab00", ".wav")
    left = sorted(path.name for path in store.root.rglob("*") if path.is_file())
    after = store.fetch("audio", "ab00", ".wav", make)
    print(moment, status, before is not None, after.read_bytes().decode(), *left, sep="|")
    if status == 0:
        break
"""


def test_a_kill_at_every_single_line_of_a_fetch(store, python):
    process = python(AT_EVERY_LINE, store.root)
    out, err = process.communicate()
    assert err == ""
    rows = [line.split("|") for line in out.splitlines()]
    assert [row[1] for row in rows] == ["9"] * (len(rows) - 1) + ["0"]
    assert {row[3] for row in rows} == {"sound"}  # the next one finds it or makes it
    made = [row[2] == "True" for row in rows]
    assert made == sorted(made)  # from one line on it is there, and before that line it is not
    assert 20 < made.index(True) < len(rows) - 2
    of_a_kill = re.compile(r"\.ab00\..+\.tmp(\.wav|\.json)|ab00\.wav\.lock|ab00\.wav\.json")
    for row, whole in zip(rows, made, strict=True):
        others = set(row[4:]) - ({"ab00.wav", "ab00.wav.json"} if whole else set())
        assert [name for name in others if not of_a_kill.fullmatch(name)] == []
    assert rows[-1][4:] == ["ab00.wav", "ab00.wav.json"]


def test_writers_that_are_killed_and_writers_that_live_work_on_one_store(store, python):
    living = python(WRITE.replace("1000", "200"), store.root)
    assert living.stdout.readline() == "making\n"
    killed = 0
    while living.poll() is None or not killed:
        process = python(WRITE, store.root)
        assert process.stdout.readline() == "making\n"
        kill(process)
        killed += 1
    assert living.communicate()[1] == ""
    assert {digest_file(store.find("audio", f"{number:064x}", ".wav")) for number in range(200)} == {
        hashlib.sha256(bytes(200_000)).hexdigest()
    }
