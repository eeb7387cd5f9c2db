"""The piece table, to disk and back."""

import pandas as pd
import pytest

from earmark.foundation.errors import EarmarkError
from earmark.music.catalog import (
    COLUMNS,
    QUARANTINE_COLUMNS,
    check_works,
    heard_beginnings,
    quarantine_rows,
    read_table,
    too_few,
    write_table,
)

AWKWARD = [
    "",
    "NA",
    "None",
    "nan",
    "007",
    "1.0",
    "1e5",
    "True",
    "a,b",
    'say "la"',
    "two\nlines",
    " Dvořák ",
    "#",
    "car\rriage",
    "\r",
    "end\r\n",
    "tab\t",
    "\x1b[31mred",
    "a\u2028b\x85c\u202e",
    "👩\u200d🎤",
]


def pieces(**columns):
    count = len(next(iter(columns.values())))
    return pd.DataFrame({name: columns.get(name, [""] * count) for name in COLUMNS})


def test_every_text_comes_back_as_it_was(tmp_path):
    table = pieces(piece_id=[f"p{i}" for i in range(len(AWKWARD))], title=AWKWARD)
    write_table(table, tmp_path / "catalog.csv")
    read = read_table(tmp_path / "catalog.csv")
    assert read.to_dict("list") == table.to_dict("list")


def test_numbers_and_gaps_stay_where_cells_are_quoted(tmp_path):
    table = pd.DataFrame({"path": ["a\rb", ""], "value": [0.1, float("nan")], "count": [1, 2]})
    write_table(table, tmp_path / "table.csv")
    assert read_table(tmp_path / "table.csv").to_dict("list") == {
        "path": ["a\rb", ""],
        "value": ["0.1", ""],
        "count": ["1", "2"],
    }


WORKS = [("Ash", "1"), ("Ash", "2"), ("Ash", "2"), ("Birch", "1"), *(("Cedar", str(n)) for n in range(3))]


def test_works_are_counted_by_label():
    assert too_few(WORKS) == {"Ash": 2, "Birch": 1}
    assert too_few(WORKS, least=2) == {"Birch": 1}
    assert too_few(WORKS, least=0) == {}
    assert too_few([]) == {}


def test_what_is_too_little_to_learn_from_is_one_line_with_the_ways_out():
    with pytest.raises(EarmarkError) as caught:
        check_works([*WORKS, *((f"A\x1b{n}", "w") for n in range(9))])
    assert r"too few works of A\x1b0 (1), A\x1b1 (1)" in str(caught.value)
    assert " and 6 other labels: a label needs 3" in str(caught.value)
    assert "role unknown-test" in str(caught.value)
    assert "data.min_works=3 in overrides.yaml" in str(caught.value)
    with pytest.raises(EarmarkError, match="1 known label"):
        check_works(WORKS[-3:])
    check_works([*WORKS[-3:], *(("Dogwood", str(n)) for n in range(3))])


def test_equal_tables_give_equal_bytes_with_posix_line_ends(tmp_path):
    table = pieces(piece_id=["a", "b"], label=["Bach", "Byrd"])
    for name in ("one.csv", "two.csv"):
        write_table(table.copy(), tmp_path / name)
    content = (tmp_path / "one.csv").read_bytes()
    assert content == (tmp_path / "two.csv").read_bytes()
    assert content.count(b"\n") == 3
    assert b"\r" not in content


def test_a_table_without_rows_keeps_its_columns(tmp_path):
    write_table(pieces(piece_id=[]), tmp_path / "catalog.csv")
    read = read_table(tmp_path / "catalog.csv")
    assert (list(read), len(read)) == (COLUMNS, 0)


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    (tmp_path / "catalog.csv").write_bytes("\ufeffpiece_id,label\na,Bach\n".encode())
    assert list(read_table(tmp_path / "catalog.csv")) == ["piece_id", "label"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "is missing: run the stages before this one"),
        (b"", "is not a CSV table in UTF-8"),
        (b"piece_id\n\xff\xfe\n", "is not a CSV table in UTF-8"),
        (b"piece_id,label\na,b\nc,d,e,f\n", "is not a CSV table in UTF-8"),
        (b'piece_id,label\na,"b\n', "is not a CSV table in UTF-8"),
    ],
)
def test_what_is_no_table_is_named_in_one_line(tmp_path, content, reason):
    path = tmp_path / "catalog.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EarmarkError, match=f"catalog.csv {reason}") as caught:
        read_table(path)
    assert "\n" not in str(caught.value)


def test_the_quarantine_names_the_stage_and_each_piece_its_own_reason():
    table = pieces(piece_id=["a", "b", "c"], path=["a.mid", "b.mid", "c.mid"], label=["Bach", "Byrd", ""])
    rows = quarantine_rows(table, {"c": "empty file", "a": "no notes"}, "ingest")
    assert list(rows) == QUARANTINE_COLUMNS
    assert rows.to_numpy().tolist() == [
        ["a", "a.mid", "Bach", "ingest", "no notes"],
        ["c", "c.mid", "", "ingest", "empty file"],
    ]
    assert list(table) == COLUMNS  # unchanged


def test_without_reasons_the_quarantine_is_empty():
    assert quarantine_rows(pieces(piece_id=["a"]), {}, "ingest").empty


def test_beginnings_are_of_known_test_pieces_that_were_read_and_heard():
    pieces = pd.DataFrame(
        {
            "piece_id": ["b", "a", "alone", "learned", "stranger"],
            "label": ["x", "y", "x", "x", "z"],
            "role": ["known"] * 4 + ["unknown-test"],
            "split": ["test", "test", "test", "train", "test"],
        }
    )
    made = pd.Series(
        ["a", "b", "alone", "learned", "stranger", "a~1", "b~1", "b~2", "learned~1", "stranger~1"]
    )
    table = heard_beginnings(pieces, made, "file")
    assert table.to_dict("list") == {
        "piece_id": ["a", "b"],
        "label": ["y", "x"],
        "rendering": ["a~1", "b~1"],
    }
    for notes_of in ("sound", None):
        assert heard_beginnings(pieces, made, notes_of).empty
