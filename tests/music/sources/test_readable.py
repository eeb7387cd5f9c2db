"""Which files can be read, and why others cannot: told without opening any."""

import os
import socket

import pytest

from earmark.music.sources.readable import fault_of, fault_of_name


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """A folder with a file of every kind, by its kind."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "nowhere").symlink_to("go\x1bne")
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "zero").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "to pipe").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as listening, monkeypatch.context() as patch:
        patch.chdir(tmp_path)  # a socket's path has 108 bytes at most
        listening.bind("socket")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("file", ""),
        ("link", ""),
        ("folder", "is not a file but a folder"),
        ("lost", "cannot be read: No such file or directory"),
        ("file/below", "cannot be read: Not a directory"),
        ("x" * 300, "cannot be read: File name too long"),
        ("nowhere", r"cannot be read: the link leads to go\x1bne, which is not there"),
        ("circle", "cannot be read: the link leads back to itself"),
        ("one", "cannot be read: the link leads back to itself"),
        ("zero", "is not a file but a device"),
        ("pipe", "is not a file but a pipe"),
        ("to pipe", "is not a file but a pipe"),
        ("socket", "is not a file but a socket"),
        ("a\0b", "cannot be read: ValueError: embedded null byte"),
    ],
)
def test_why_a_file_cannot_be_read(odd, name, reason):
    assert fault_of(odd / name) == reason


def test_a_file_that_its_owner_has_closed(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.R_OK)  # root may read everything
    assert fault_of(tmp_path / "file") == "cannot be read: Permission denied"


def test_a_name_in_bytes_is_told():
    assert fault_of_name(os.fsdecode(b"caf\xe9.mid")).startswith("its name is not UTF-8: rename it")
    assert fault_of_name("café\n\x1b.mid") == ""
