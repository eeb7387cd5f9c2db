"""The log comes back as it was written, even if its end is missing."""

import json
import os

import pytest

from earmark.apps.tags.log import Entry, Log, read_log
from earmark.foundation.errors import EarmarkError


@pytest.fixture
def entry():
    return Entry(
        path=os.fsdecode(b"/music/no \xff utf-8/\xc3\xa4.mp3"),
        time="2026-11-23T04:00:00+00:00",
        sha256_before="a" * 64,
        sha256_after="b" * 64,
        mtime_ns=1,
        old={"genre": None, "key": ["8B"]},
        new={"genre": "jig", "key": "C"},
        bundles={"genre": "c" * 64, "key": "d" * 64},
        restore=[[0, 3], "eA=="],
    )


@pytest.fixture
def log(tmp_path, entry):
    log = Log(tmp_path / "log.jsonl")
    log.append(entry)
    log.append(entry)
    return log.path


def test_entries_come_back(log, entry):
    assert read_log(log) == ([entry, entry], False)


def test_one_line_of_json_for_each_file(log):
    lines = log.read_text().splitlines()
    assert [json.loads(line)["old"] for line in lines] == [{"genre": None, "key": ["8B"]}] * 2


def test_an_entry_is_on_the_disk_when_append_returns(tmp_path, entry, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_size))
    log = Log(tmp_path / "log.jsonl")
    log.append(entry)
    assert synced == [log.path.stat().st_size]


@pytest.mark.parametrize("left", [1, 20, -1])
def test_a_cut_last_line_is_no_entry(log, entry, left):
    data = log.read_bytes()
    first = data.index(b"\n") + 1
    log.write_bytes(data[: first + left] if left > 0 else data[:left])
    assert read_log(log) == ([entry], True)


def test_an_empty_log_has_no_entries(tmp_path):
    (tmp_path / "log").touch()
    assert read_log(tmp_path / "log") == ([], False)


@pytest.mark.parametrize(
    "line", [b"[]", b"{}", b"hello", b'{"version": 2}', b"\xff", b'{"version": 1, "path": 3}']
)
def test_what_is_no_log_is_one_line(log, line):
    log.write_bytes(log.read_bytes() + line + b"\n")
    with pytest.raises(EarmarkError, match=r"log\.jsonl line 3 is no entry of a log of earmark tag"):
        read_log(log)


def test_a_file_without_lines_is_no_log(tmp_path):
    (tmp_path / "a.mp3").write_bytes(b"ID3")
    with pytest.raises(EarmarkError, match=r"a\.mp3 is no log of earmark tag"):
        read_log(tmp_path / "a.mp3")
    with pytest.raises(EarmarkError, match="none cannot be read"):
        read_log(tmp_path / "none")


def test_a_log_belongs_to_one_run(log, tmp_path):
    with pytest.raises(EarmarkError, match=r"log\.jsonl exists: .* choose another name"):
        Log(log)
    with pytest.raises(EarmarkError, match="cannot be written: choose another place"):
        Log(tmp_path / "no folder" / "log")


def test_a_log_that_cannot_be_written_ends_the_run(tmp_path, entry):
    log = Log(tmp_path / "log.jsonl")
    log.path.mkdir()
    with pytest.raises(EarmarkError, match=r"cannot be written: Is a directory.*nothing more is tagged"):
        log.append(entry)
