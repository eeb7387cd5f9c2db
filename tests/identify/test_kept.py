"""No file is heard twice, and no entry can spoil a verdict."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from earmark.bundle import Bundle
from earmark.identify import identifier as module
from earmark.identify import kept as kept_module
from earmark.identify.identifier import Identifier
from earmark.identify.kept import Embedded, Kept
from earmark.identify.listen import hear_all

KEY = "ab" + 62 * "0"


@pytest.fixture
def kept(tmp_path):
    return Kept(tmp_path / "kept")


@pytest.fixture
def made():
    return Embedded(np.arange(6, dtype=np.float32).reshape(2, 3), np.array([0.0, 2.5]), "≠", "ein Rest")


@pytest.fixture
def listener(bundle_folder, kept, monkeypatch):
    """An identifier that keeps, and a list of the files that it hears."""
    heard = []

    def hearing(recipe, targets, workers):
        heard.extend(target.name for target in targets)
        return hear_all(recipe, targets, workers)

    monkeypatch.setattr(module, "hear_all", hearing)
    return Identifier.load(bundle_folder, kept=kept), heard


def same(one, other):
    return one.as_dict() == other.as_dict() and np.array_equal(one.clip_starts_s, other.clip_starts_s)


def entry_of(kept):
    ((path, _, _),) = kept.entries()
    return path


def test_what_is_kept_comes_back(kept, made):
    kept.add(KEY, made)
    found = kept.find(KEY)
    np.testing.assert_array_equal(found.embeddings, made.embeddings)
    np.testing.assert_array_equal(found.starts_s, made.starts_s)
    assert (found.unlike, found.unheard) == ("≠", "ein Rest")
    assert kept.find("cd" + KEY[2:]) is None


def test_a_file_is_heard_once_whatever_it_is_called(listener, bundle_folder, melody, tmp_path):
    identifier, heard = listener
    first = identifier.identify(melody)
    copy = tmp_path / "copy.mid"
    copy.write_bytes(melody.read_bytes())
    again, other = identifier.identify_all([melody, copy])
    assert heard == [str(melody)]
    assert same(first, again)
    assert same(replace(other, path=str(melody)), first)
    assert same(Identifier.load(bundle_folder).identify(melody), first)


def test_strictness_is_asked_of_what_is_kept(listener, bundle_folder, kept, melody):
    identifier, heard = listener
    identifier.identify(melody)
    other = Identifier(replace(identifier.bundle), bundle_folder, kept, identifier._digest)
    other.identify(melody)
    assert len(heard) == 1


def test_another_file_bundle_or_version_is_heard_anew(kept, melody, tmp_path, monkeypatch):
    key = kept.key(melody, "bundle")
    assert kept.key(melody, "other") != key
    changed = tmp_path / "changed.mid"
    changed.write_bytes(melody.read_bytes() + b"\0")
    assert kept.key(changed, "bundle") != key
    monkeypatch.setattr(kept_module, "_hearing", lambda: "another version")
    assert kept.key(melody, "bundle") != key
    assert kept.key(tmp_path / "absent", "bundle") == ""


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
        lambda data: data[:-3] + bytes([data[-3] ^ 1]) + data[-2:],
        lambda data: os.urandom(500),
    ],
)
def test_a_damaged_entry_is_dropped_and_the_file_is_heard(listener, kept, melody, damage):
    identifier, heard = listener
    first = identifier.identify(melody)
    entry_of(kept).write_bytes(damage(entry_of(kept).read_bytes()))
    assert same(identifier.identify(melody), first)
    assert len(heard) == 2
    assert same(identifier.identify(melody), first)
    assert len(heard) == 2


def test_a_full_disk_breaks_no_verdict(listener, kept, melody, monkeypatch):
    identifier, _ = listener

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kept_module.os, "replace", full)
    assert identifier.identify(melody).error == ""
    assert kept.entries() == []


def test_a_folder_that_cannot_be_written_breaks_no_verdict(bundle_folder, melody, tmp_path):
    (tmp_path / "file").write_text("no folder")
    identifier = Identifier.load(bundle_folder, kept=Kept(tmp_path / "file" / "kept"))
    assert identifier.identify(melody).error == ""


def test_what_cannot_be_heard_is_not_kept(listener, kept, tmp_path):
    identifier, heard = listener
    (tmp_path / "bad.mid").write_bytes(b"MThd no music")
    errors = [identifier.identify(tmp_path / name).error for name in ("bad.mid", "bad.mid", "absent.mid")]
    assert all(errors)
    assert (len(heard), kept.entries()) == (3, [])


def test_writers_of_one_entry_do_not_disturb_each_other(kept, made):
    def work(number):
        kept.add(KEY, made)
        return kept.find(KEY)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(80)))
    assert all(np.array_equal(each.embeddings, made.embeddings) for each in found)
    assert len(kept.entries()) == 1


def test_it_stays_within_its_bound_and_keeps_what_was_asked_for_last(tmp_path, made):
    kept = Kept(tmp_path / "kept")
    keys = [f"{number:02x}" + 62 * "0" for number in range(10)]
    for age, key in enumerate(keys):
        kept.add(key, made)
        os.utime(kept._entry(key), (1000 + age, 1000 + age))
    size = kept.entries()[0][1]
    assert kept.find(keys[0]) is not None  # asked for now
    kept.most_bytes = 5 * size
    files, freed = kept.trim()
    assert (files, freed) == (6, 6 * size)
    assert [key for key in keys if kept.find(key) is not None] == [keys[0], *keys[7:]]


def test_many_files_come_in_their_order(listener, melody, tmp_path):
    identifier, heard = listener
    files = []
    for number in range(40):
        file = tmp_path / f"{number}.mid"
        file.write_bytes(melody.read_bytes() + bytes(number % 3))
        files.append(file)
    known = identifier.identify(files[0])
    verdicts = list(identifier.identify_all(files, workers=1))
    assert [verdict.path for verdict in verdicts] == [str(file) for file in files]
    assert all(verdict.label == known.label for verdict in verdicts)
    assert len(heard) == 1 + 10  # of the first sixteen ten are new; then all are known


def test_its_place_is_the_user_s_and_may_be_none(monkeypatch, tmp_path):
    monkeypatch.setenv("EARMARK_KEPT", str(tmp_path / "here"))
    assert Kept.of_user().root == tmp_path / "here"
    monkeypatch.setenv("EARMARK_KEPT", "")
    assert Kept.of_user() is None
    monkeypatch.delenv("EARMARK_KEPT")
    monkeypatch.setattr(kept_module.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert Kept.of_user().root == tmp_path / "cache" / "earmark" / "kept"


def test_without_a_digest_nothing_is_kept(bundle_folder, kept, melody):
    Identifier(Bundle.load(bundle_folder), bundle_folder, kept).identify(melody)
    assert kept.entries() == []
