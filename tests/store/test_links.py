"""A stage's folder is filled with hardlinks."""

import errno
import os
import tempfile
from pathlib import Path

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.store import keep_only, link

NO_SPACE = "no space left on the disk of .*: free some, then run again"


@pytest.fixture
def entry(tmp_path):
    path = tmp_path / "cache" / "audio" / "ab" / "ab00.wav"
    path.parent.mkdir(parents=True)
    path.write_text("sound")
    path.chmod(0o444)
    return path


def test_a_link_is_the_entry_itself(entry, tmp_path):
    target = tmp_path / "data" / "audio" / "a.wav"
    for _ in range(2):
        link(entry, target)
        assert os.path.samefile(entry, target)
    assert os.listdir(target.parent) == ["a.wav"]


def test_a_link_takes_the_place_of_what_was_there(entry, tmp_path):
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
def test_where_file_systems_differ_it_is_a_read_only_copy(entry, tmp_path, monkeypatch, code):
    monkeypatch.setattr(os, "link", raising(code))
    link(entry, tmp_path / "a.wav")
    assert (tmp_path / "a.wav").read_bytes() == b"sound"
    assert not os.path.samefile(entry, tmp_path / "a.wav")
    assert (tmp_path / "a.wav").stat().st_mode & 0o777 == 0o444


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="wants a second file system")
def test_on_another_file_system_what_was_copied_is_not_copied_again(entry):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        target = Path(folder) / "a.wav"
        link(entry, target)
        first = target.stat()
        assert first.st_mtime_ns == entry.stat().st_mtime_ns
        link(entry, target)
        assert target.stat().st_ino == first.st_ino
        target.chmod(0o644)
        target.write_bytes(b"other")
        link(entry, target)
        assert target.read_bytes() == b"sound"


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [(errno.ENOSPC, EarmarkError, NO_SPACE), (errno.EACCES, PermissionError, "Permission denied")],
)
def test_a_link_that_cannot_be_made_says_why(entry, tmp_path, monkeypatch, code, kind, text):
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
