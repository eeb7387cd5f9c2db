"""Every entry hashed anew."""

import json
import os

import pytest

from earmark.store import Store
from earmark.store.entry import locked
from earmark.store.inventory import verify as verify_module
from earmark.store.inventory.scan import scan
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
    path = store.path("audio", KEYS[3], ".wav")
    tamper(path, b"x" * 64)
    assert store.find("audio", KEYS[3], ".wav") == path  # trusted day by day
    assert {entry.path: reason for entry, reason in verify(scan(store.root), 2) if reason} == {
        path: "its bytes are not those that were made"
    }
    assert heal(next(entry for entry in scan(store.root) if entry.path == path))
    assert store.find("audio", KEYS[3], ".wav") is None
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("workers", [1, 3])
def test_each_entry_is_verified_once(store, workers):
    sound = [entry.path for entry, reason in verify(scan(store.root), workers) if not reason]
    assert sorted(sound) == [store.path("audio", key, ".wav") for key in KEYS]


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


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(5, "Input/output error"), "cannot be read: Input/output error"),
        (FileNotFoundError(2, "No such file"), ""),  # removed meanwhile
    ],
)
def test_an_entry_that_cannot_be_read_is_damaged(store, monkeypatch, error, reason):
    def fail(path):
        raise error

    monkeypatch.setattr(verify_module, "digest_file", fail)
    assert damage(store.path("audio", KEYS[0], ".wav")) == reason


@pytest.mark.skipif(not hasattr(os, "O_NOATIME"), reason="wants Linux")
def test_another_user_s_note_is_read_too(store, monkeypatch):
    """Only the owner may keep the system from noting that a file was read."""
    opened = os.open

    def refuse(path, flags):
        if flags & os.O_NOATIME:
            raise PermissionError
        return opened(path, flags)

    monkeypatch.setattr(verify_module.os, "open", refuse)
    assert damage(store.path("audio", KEYS[0], ".wav")) == ""


def test_a_sound_entry_and_one_that_is_made_anew_are_not_healed(store):
    entry = next(scan(store.root))
    assert not heal(entry)
    tamper(entry.path, b"x" * 64)
    with locked(entry.path):
        assert not heal(entry)
    assert entry.path.is_file()


def test_it_does_not_count_as_asking_for_an_entry(store):
    note = store.path("audio", KEYS[0], ".wav").with_name(f"{KEYS[0]}.wav.json")
    os.utime(note, (1000, 1000))
    assert json.loads(note.read_text())["size"] == 64  # by relatime this is noted: seen too long ago
    os.utime(note, (1000, 1000))
    assert [reason for _, reason in verify(scan(store.root), 1) if reason] == []
    if hasattr(os, "O_NOATIME"):
        assert note.stat().st_atime == 1000
