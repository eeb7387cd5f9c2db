"""What lies in a store, and what killed writers left."""

import os
import time

import pytest

from earmark.store import Store, link
from earmark.store.entry import locked, note_path, temporary_of
from earmark.store.inventory.scan import Entry, Leftover, Written, is_being_written, remove, scan, try_lock

KEYS = [f"{number:02x}" + 62 * "0" for number in range(8)]


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


def put(store, kind, key, suffix, size=5):
    return store.fetch(kind, key, suffix, lambda path: path.write_bytes(bytes(size)))


def items_of(store, kind):
    """What a scan finds of a class, by file name."""
    return {item.path.name: item for item in scan(store.root) if isinstance(item, kind)}


def names(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_entries_have_kind_size_and_names_elsewhere(store, tmp_path):
    put(store, "audio", KEYS[0], ".wav", 100)
    facts = put(store, "facts", KEYS[1], ".json", 7)
    link(facts, tmp_path / "data" / "a.json")
    assert [(item.kind, item.path, item.size, item.links) for item in scan(store.root)] == [
        ("audio", store.path("audio", KEYS[0], ".wav"), 100, 1),
        ("facts", facts, 7, 2),
    ]


def test_an_empty_store_and_none(store):
    assert list(scan(store.root)) == []
    store.root.mkdir()
    assert list(scan(store.root)) == []


def test_files_that_are_not_the_stores_are_passed_over(store):
    folder = put(store, "audio", KEYS[0], ".wav").parent
    for name in ("README.md", "notes.json", ".hidden", "x.lock"):
        (folder / name).touch()
    (store.root / "mine.txt").touch()
    (folder / "deep").mkdir()
    (folder / KEYS[1]).symlink_to("nowhere")
    assert list(items_of(store, Entry)) == [f"{KEYS[0]}.wav"]
    assert items_of(store, Leftover) == {}


def test_an_entry_was_used_when_its_note_was_read_last(store):
    entry = put(store, "audio", KEYS[0], ".wav")
    for note_s, made_s, used_s in [(2000, 1000, 2000), (1000, 2000, 2000)]:
        os.utime(f"{entry}.json", (note_s, 500))
        os.utime(entry, (9000, made_s))
        assert next(scan(store.root)).used == used_s


@pytest.mark.parametrize("suffix", [".wav", ".json"])
def test_what_a_killed_writer_leaves_is_found_and_removed(store, suffix):
    folder = put(store, "kind", KEYS[0], suffix).parent
    key = KEYS[0][:-1] + "1"  # its neighbour
    left = {
        f".{key}{suffix}.0123abcd.tmp{suffix}",
        f".{key}{suffix}.json.0123abcd.tmp.json",
        f"{key}{suffix}.lock",
        f"{key}{suffix}.json",
    }
    for name in left:
        (folder / name).write_bytes(b"abc")
    leftovers = items_of(store, Leftover)
    assert set(leftovers) == left
    assert {item.entry.name for item in leftovers.values()} == {f"{key}{suffix}"}
    assert all(remove(item) for item in leftovers.values())
    assert names(folder) == [f"{KEYS[0]}{suffix}", f"{KEYS[0]}{suffix}.json"]


def test_a_file_without_a_note_is_a_leftover(store):
    entry = put(store, "facts", KEYS[0], ".json")
    (entry.parent / f"{entry.name}.json").unlink()
    assert list(items_of(store, Leftover)) == [entry.name]


@pytest.mark.parametrize("suffix", [".wav", ".json"])
def test_what_is_being_written_is_none(store, suffix):
    entry = store.path("kind", KEYS[0], suffix)
    entry.parent.mkdir(parents=True)
    with locked(entry), temporary_of(entry) as temporary:
        temporary.write_bytes(b"half")
        assert is_being_written(entry)
        assert items_of(store, Leftover) == {}
        assert [(item.path, item.size) for item in scan(store.root)] == [(temporary, 4)]
        assert not remove(Leftover("kind", temporary, entry, 4))
        assert not remove(Written("kind", temporary, 4))
        assert temporary.read_bytes() == b"half"
    assert not is_being_written(entry)
    assert names(store.root) == []


WRITE = """
import sys
from pathlib import Path
from earmark.store import Store

def make(path):
    path.write_bytes(b"half")
    print("half", flush=True)
    sys.stdin.readline()

Store(Path(sys.argv[1])).fetch("audio", "ab00", ".wav", make)
"""


def test_a_writer_in_another_process_living_and_killed(store, python):
    process = python(WRITE, store.root)
    assert process.stdout.readline() == "half\n"
    assert len(items_of(store, Written)) == 1
    assert items_of(store, Leftover) == {}
    process.kill()
    process.wait()
    assert items_of(store, Written) == {}
    assert [item.size for item in items_of(store, Leftover).values()] == [4, 0]
    for item in items_of(store, Leftover).values():
        remove(item)
    assert names(store.root) == []


def test_an_older_temporary_file_that_does_not_say_whose_it_is(store):
    folder = put(store, "audio", KEYS[0], ".wav").parent
    old = folder / ".x8sd_f7a.tmp.wav"
    old.touch()
    assert items_of(store, Leftover) == {}
    os.utime(old, (0, time.time() - 90_000))
    assert list(items_of(store, Leftover)) == [old.name]


def test_a_free_lock_is_held_and_leaves_no_file(store):
    entry = put(store, "audio", KEYS[0], ".wav")
    with try_lock(entry) as is_free:
        assert is_free
        assert is_being_written(entry)
    assert names(entry.parent) == [entry.name, f"{entry.name}.json"]


def test_an_entry_is_removed_with_its_note(store):
    put(store, "audio", KEYS[0], ".wav")
    assert remove(next(scan(store.root)))
    assert names(store.root) == []


@pytest.mark.parametrize("half", ["note", "file"])
def test_what_has_become_an_entry_since_it_was_scanned_stays(store, half):
    entry = store.path("audio", "ab00", ".wav")
    entry.parent.mkdir(parents=True)
    (note_path(entry) if half == "note" else entry).write_bytes(b"{}")
    (leftover,) = scan(store.root)
    assert isinstance(leftover, Leftover)
    store.fetch("audio", "ab00", ".wav", lambda path: path.write_bytes(b"sound"))
    assert not remove(leftover)
    assert store.find("audio", "ab00", ".wav") == entry
