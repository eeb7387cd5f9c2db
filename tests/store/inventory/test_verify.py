"""Every entry hashed anew."""

import json
import os

import pytest

from earmark.store import Store
from earmark.store.entry import locked
from earmark.store.inventory.survey import survey
from earmark.store.inventory.verify import damage, heal, verify

KEYS = [f"{number:02x}" + 62 * "0" for number in range(20)]


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "cache")
    for key in KEYS:
        store.fetch("audio", key, ".wav", lambda path, key=key: path.write_text(key))
    return store


def tamper(entry, content):
    """Change the bytes, keep the time of change."""
    status = entry.stat()
    entry.chmod(0o644)
    entry.write_bytes(content)
    os.utime(entry, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_what_was_changed_with_size_and_time_kept_is_found_here_alone(store):
    entry = store.path("audio", KEYS[3], ".wav")
    tamper(entry, b"x" * 64)
    assert store.find("audio", KEYS[3], ".wav") == entry  # trusted day by day
    assert {found.path: reason for found, reason in verify(survey(store.root), 2) if reason} == {
        entry: "its bytes are not those that were made"
    }
    assert heal(next(found for found in survey(store.root) if found.path == entry))
    assert store.find("audio", KEYS[3], ".wav") is None
    assert {path.name for path in entry.parent.iterdir()} == set()


@pytest.mark.parametrize("workers", [1, 3])
def test_each_entry_is_judged_once(store, workers):
    judged = [found.path for found, reason in verify(survey(store.root), workers) if not reason]
    assert sorted(judged) == [store.path("audio", key, ".wav") for key in KEYS]


def test_the_damage_is_told(store):
    entry = store.path("audio", KEYS[0], ".wav")
    assert damage(entry) == ""
    tamper(entry, b"short")
    assert damage(entry) == "has 5 bytes, was made with 64"
    note = entry.with_name(f"{entry.name}.json")
    note.write_text("[]")
    assert damage(entry) == "its note is not one"
    note.unlink()
    assert damage(entry) == ""  # a leftover, or gone: no entry in any case


def test_a_sound_entry_and_one_that_is_made_anew_are_not_healed(store):
    found = list(survey(store.root))
    assert not heal(found[0])
    tamper(found[0].path, b"x" * 64)
    with locked(found[0].path):
        assert not heal(found[0])
    assert found[0].path.is_file()


def test_it_does_not_count_as_asking_for_an_entry(store):
    note = store.path("audio", KEYS[0], ".wav").with_name(f"{KEYS[0]}.wav.json")
    os.utime(note, (1000, 1000))
    assert json.loads(note.read_text())["size"] == 64  # by relatime this is noted: seen too long ago
    os.utime(note, (1000, 1000))
    assert [reason for _, reason in verify(survey(store.root), 1) if reason] == []
    if hasattr(os, "O_NOATIME"):
        assert note.stat().st_atime == 1000
