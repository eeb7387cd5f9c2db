"""Records of pieces: a file each, and all in one file."""

import json

import pytest

from earmark.foundation.errors import EarmarkError, PieceError
from earmark.store.records import read_record, read_records, write_records

RECORDS = {"b": {"title": "Dvořák", "duration_s": 1.5}, "a": {"title": "x\ny", "bands": [1, None]}}


@pytest.fixture
def folder(tmp_path):
    for piece_id, record in RECORDS.items():
        (tmp_path / f"{piece_id}.json").write_text(json.dumps(record))
    return tmp_path


def test_records_come_back_in_the_order_of_the_pieces(folder):
    write_records(folder, ["b", "a"], folder / "all.jsonl")
    assert list(read_records(folder / "all.jsonl").items()) == list(RECORDS.items())
    assert len((folder / "all.jsonl").read_text().splitlines()) == 2
    write_records(folder, ["a"], folder / "all.jsonl")
    assert read_records(folder / "all.jsonl") == {"a": RECORDS["a"]}
    write_records(folder, [], folder / "all.jsonl")
    assert read_records(folder / "all.jsonl") == {}


@pytest.mark.parametrize("content", [None, "", "{", "[]", "3", b"\xff"])
def test_a_record_that_cannot_be_read_is_that_piece_s_failure(folder, content):
    file = folder / "c.json"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(PieceError, match=r"c\.json cannot be read: "):
        read_record(file)
    with pytest.raises(PieceError, match=r"c\.json cannot be read: "):
        write_records(folder, ["a", "c"], folder / "all.jsonl")
    assert not (folder / "all.jsonl").exists()


@pytest.mark.parametrize("content", [None, "{", "[]\n", "3\n", '{"title": "x"}\n', '{"piece_id": "a"}\n\n'])
def test_a_table_that_cannot_be_read_is_one_line(tmp_path, content):
    if content is not None:
        (tmp_path / "all.jsonl").write_text(content)
    with pytest.raises(EarmarkError, match=r"all\.jsonl cannot be read: run dvc repro validate \(") as caught:
        read_records(tmp_path / "all.jsonl")
    assert not isinstance(caught.value, PieceError)
