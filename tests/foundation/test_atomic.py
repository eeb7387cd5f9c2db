"""Writes that either happened or did not."""

import os
import signal
import subprocess
import sys

import pytest

from earmark.foundation.atomic import remove_abandoned, replacing, write_text

KILLED = """
import os, signal, sys
from pathlib import Path
from earmark.foundation.atomic import replacing
with replacing(Path(sys.argv[1])) as temporary:
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("old")
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
        assert temporary.parent == target.parent
        assert temporary.suffix == target.suffix
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["table.csv"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path, error):
    target = tmp_path / "table.csv"
    target.write_text("old")

    def write():
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["table.csv"]


def test_missing_folders_are_made(tmp_path):
    write_text(tmp_path / "a" / "b" / "c.txt", "x")
    assert (tmp_path / "a" / "b" / "c.txt").read_text() == "x"


def test_a_read_only_hardlink_is_replaced_and_its_other_name_unchanged(tmp_path):
    entry, linked = tmp_path / "entry", tmp_path / "linked"
    entry.write_text("entry")
    entry.chmod(0o444)
    os.link(entry, linked)
    write_text(linked, "new")
    assert (entry.read_text(), linked.read_text()) == ("entry", "new")


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_umask_decides_who_may_read_a_result(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_text(tmp_path / "file", "x")
        assert os.umask(umask) == umask  # as it was
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_text_is_utf8_with_posix_line_ends(tmp_path):
    write_text(tmp_path / "file", "Dvořák\nFauré\n")
    assert (tmp_path / "file").read_bytes() == b"Dvo\xc5\x99\xc3\xa1k\nFaur\xc3\xa9\n"


def test_what_a_killed_process_was_writing_is_removed(tmp_path):
    folder = tmp_path / "plots"
    ended = subprocess.run([sys.executable, "-c", KILLED, folder / "curve.png"], check=False)
    assert ended.returncode == -signal.SIGKILL
    (left,) = os.listdir(folder)
    elsewhere = folder / f".00000000{left[9:]}"  # of another machine that shares the folder
    for name in (elsewhere.name, "curve.png", ".hidden.tmp"):
        (folder / name).touch()
    with replacing(folder / "other.png") as temporary:
        remove_abandoned((folder, tmp_path / "missing"))
        assert temporary.exists()
    assert set(os.listdir(folder)) == {elsewhere.name, "curve.png", ".hidden.tmp", "other.png"}
