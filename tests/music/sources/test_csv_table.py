"""A CSV of music: what it may say, and how it says where it is wrong."""

import math
import unicodedata

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.music.sources.csv_cells import Columns
from earmark.music.sources.csv_table import read_csv
from earmark.music.sources.origin import Origin

NFC, NFD = (unicodedata.normalize(form, "Dvořák") for form in ("NFC", "NFD"))


@pytest.fixture
def csv(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "catalog.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


def test_path_and_label_are_enough(csv, tmp_path):
    (origin,) = read_csv(csv("path,label\nsongs/a.mid,Bach\n"))
    assert origin == Origin(
        name="songs/a.mid",
        label="Bach",
        group="songs/a.mid",
        role="known",
        split="",
        title="a",
        file=tmp_path / "songs/a.mid",
    )


def test_all_columns_in_any_order_beside_others(csv, tmp_path):
    text = "year,Title, SPLIT ,role,group,LABEL,path\n1721,Air,test,known,Suite 3,Bach,a.mid\n"
    (origin,) = read_csv(csv(text))
    expected = Origin("a.mid", "Bach", "Suite 3", "known", "test", "Air", tmp_path / "a.mid")
    assert origin == expected


def test_rows_keep_their_order(csv):
    origins = read_csv(csv("path,label\nc.mid,B\na.mid,A\nb.mid,A\n"))
    assert [origin.name for origin in origins] == ["c.mid", "a.mid", "b.mid"]


def test_a_path_is_relative_to_the_csv_not_to_the_working_directory(csv, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (origin,) = read_csv(csv("path,label\n../music/a.mid,Bach\n"))
    assert origin.file == tmp_path / "../music/a.mid"


def test_an_absolute_path_stands_for_itself(csv):
    (origin,) = read_csv(csv("path,label\n/music/a.mid,Bach\n"))
    assert str(origin.file) == "/music/a.mid"


def test_a_score_of_music21_has_no_file(csv):
    (origin,) = read_csv(csv("path,label\nmusic21:bach/bwv66.6.mxl,Bach\n"))
    assert (origin.file, origin.name, origin.title) == (None, "music21:bach/bwv66.6.mxl", "bwv66.6")


@pytest.mark.parametrize("role", ["unknown-calibration", "unknown-test"])
def test_unknown_pieces_may_go_without_a_label(csv, role):
    origins = read_csv(csv(f"path,label,role\na.mid,Bach,\nb.mid,,{role}\n"))
    assert [(origin.label, origin.role) for origin in origins] == [("Bach", "known"), ("", role)]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffpath,label,title\na.mid,Bach,Air\n",
        "path,label,title\r\na.mid,Bach,Air\r\n",
        'path,label,title\n"a.mid","Bach","Air"\n',
        " path , label , title \n a.mid , Bach , Air \n",
        "path,label,title\na.mid,Bach,Air",
        "path,label,title\n\na.mid,Bach,Air\n\n,,\n",
        "path,label,title\na.mid,Bach,Air,\n",
        "path,label,title,\na.mid,Bach,Air,\n",
    ],
    ids=["BOM", "CRLF", "quotes", "spaces", "no last newline", "blank lines", "last comma", "last commas"],
)
def test_what_spreadsheets_write_reads_the_same(csv, tmp_path, text):
    expected = Origin("a.mid", "Bach", "a.mid", "known", "", "Air", tmp_path / "a.mid")
    assert read_csv(csv(text)) == [expected]


def test_cells_that_end_a_row_may_be_missing(csv):
    origins = read_csv(csv("path,label,role,title\na.mid,Bach\nb.mid,Bach,known\n"))
    assert [(origin.role, origin.title) for origin in origins] == [("known", "a"), ("known", "b")]


def test_words_that_mean_nothing_to_other_readers_are_words(csv):
    origins = read_csv(csv("path,label,title\nnull,NA,nan\n"))
    assert [(origin.name, origin.label, origin.title) for origin in origins] == [("null", "NA", "nan")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("label\nBach\n", "has no column 'path'"),
        ("path\na.mid\n", "has no column 'label'"),
        ("Filename,Genre\na.mid,Bach\n", "--path-column and --label-column must, and says Filename, Genre"),
        ("sep=,\npath;label\na.mid;Bach\n", "has no column 'path'"),
        ("path:class\na.mid:Bach\n", "has no column 'label'"),
        ('path;label\n"a.mid;Bach\n', "is not a CSV table: unexpected end of data: quotes missing?"),
        ("path,label\na.mid,Ba\0ch\n", "it has bytes of zero"),
        (f"path,label,role\na.mid,{NFD},\nb.mid,{NFC},unknown-test\n", f"the label {NFC} is known"),
        ("path,label\na.mid,\u00a0\u200b\n", "line 2: a.mid has no label"),
        ("path,label\n\u00a0\u200b,Bach\n", "line 2: no path"),
        ("a.mid,Bach\n", "has no column 'path'"),
        ("path,label\n", "lists no pieces"),
        ("path,label\n\n\n", "lists no pieces"),
        ("", "has no column 'path'"),
        (
            "path,label,role\na.mid,Bach,known\nb.mid,Bach,stranger\n",
            "line 3: role 'stranger' is none of known",
        ),
        ("path,label,role\n\n\na.mid,Bach,Known\n", "line 4: role 'Known'"),
        ('path,label,title,role\na.mid,Bach,"two\nlines",\nb.mid,Bach,x,no\n', "line 4: role 'no'"),
        ("path,label,split\na.mid,Bach,dev\n", "line 2: split 'dev' is none of train, validation, test"),
        ("path,label\na.mid,Bach\nb.mid,Bach\na.mid,Bach\n", "line 4: a.mid is listed twice"),
        ("path,label\na.mid,Bach\na.mid,Cage\n", "line 3: a.mid is listed twice"),
        ("path,label\na.mid,Bach\n a.mid ,Bach\n", "line 3: a.mid is listed twice"),
        ("path,label\na.mid,Bach\nb.mid,\n", "line 3: b.mid has no label"),
        ("path,label\na.mid\n", "line 2: a.mid has no label"),
        ("path,label\na.mid,Bach\n,Bach\n", "line 3: no path"),
        ("path,label\na.mid,Bach,Suite\n", "line 2"),
        ("path,label\na.mid,Bach\nb,c.mid,Bach\n", "line 3"),
        ('path,label\n"a.mid,Bach\n', "is not a CSV table"),
        ("path,label,path\na.mid,Bach,b.mid\n", "column 'path' twice"),
    ],
)
def test_what_is_wrong_in_it_is_one_line_that_names_file_and_place(csv, text, reason):
    path = csv(text)
    with pytest.raises(EarmarkError) as caught:
        read_csv(path)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_what_parts_cells_and_lines_and_how_letters_are_kept_makes_no_difference(
    csv, tmp_path, delimiter, line_end, encoding
):
    rows = [["Label", "PATH", "Title"], ["Dvořák", "a, b.mid", 'x;"|\ty'], ["Bach", "c.mid", ""]]
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows]
    origins = read_csv(csv(line_end.join(delimiter.join(row) for row in quoted), encoding))
    assert origins == [
        Origin("a, b.mid", "Dvořák", "a, b.mid", title='x;"| y', file=tmp_path / "a, b.mid"),
        Origin("c.mid", "Bach", "c.mid", title="c", file=tmp_path / "c.mid"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "sep=,\npath,label\na.mid,Bach\n",
        "sep=;\r\npath;label\r\na.mid;Bach\r\n",
        "\ufeffsep=\t\npath\tlabel\na.mid\tBach\n",
        "\ufeff\ufeffpath,label\na.mid,Bach",
        '"SEP=^"\npath^label\na.mid^Bach',
        "\n\npath,label\na.mid,Bach",
        'path, label\n"a.mid", "Bach"',
        "\u00a0Path\u200b,LABEL\n a.mid\u00a0,\u200bBach",
        "path,label,\r\na.mid,Bach,\r\n,,\r\n,,\r\n\x1a",
        "path,label\na.mid,Bach\n\x1a\n",
        "path,label,,\na.mid,Bach,,,,\n",
        "path;label;note\na.mid;Bach;a, b, c\n",
        "label;note, of a kind, path;path\nBach;x;a.mid\n",
    ],
)
def test_what_spreadsheets_put_around_a_table_is_not_in_it(csv, text):
    origins = read_csv(csv(text))
    assert [(origin.name, origin.label) for origin in origins] == [("a.mid", "Bach")]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1250", "cp1252", "mac-roman", "shift-jis"])
def test_another_encoding_is_refused_with_the_remedy(csv, encoding):
    text = "path,label\na.mid,Bach\nb.mid," + ("久石譲" if encoding == "shift-jis" else "Fauré") + "\n"
    with pytest.raises(EarmarkError) as caught:
        read_csv(csv(text, encoding))
    assert "catalog.csv is not a CSV table in UTF-8 or UTF-16: line 3 has the byte 0x" in str(caught.value)
    assert "save it as CSV UTF-8" in str(caught.value)


def test_a_spreadsheets_own_file_is_named(tmp_path):
    (tmp_path / "catalog.xlsx").write_bytes(b"PK\x03\x04\x14\0\x06\0")
    with pytest.raises(EarmarkError, match=r"a spreadsheet's own file: save it as CSV UTF-8"):
        read_csv(tmp_path / "catalog.xlsx")


def test_labels_and_works_that_look_alike_are_one(csv):
    text = f"path,label,group\na.mid,{NFD},{NFD} op. 1\nb.mid,{NFC},{NFC}\u00a0op. 1\nc.mid,\u200b{NFC} ,\n"
    origins = read_csv(csv(text))
    assert {origin.label for origin in origins} == {NFC}
    assert [origin.group for origin in origins] == [f"{NFC} op. 1", f"{NFC} op. 1", "c.mid"]


@pytest.mark.parametrize("there", [NFC, NFD])
@pytest.mark.parametrize("asked", [NFC, NFD])
def test_a_path_is_found_in_either_form(csv, tmp_path, there, asked):
    (tmp_path / f"{there}.mid").touch()
    (origin,) = read_csv(csv(f"path,label\n{asked}.mid,Bach\n"))
    assert origin.file == tmp_path / f"{there}.mid"
    assert (origin.name, origin.group) == (f"{asked}.mid", f"{NFC}.mid")


def test_a_file_that_is_listed_in_both_forms_is_listed_twice(csv, tmp_path):
    (tmp_path / f"{NFC}.mid").touch()
    with pytest.raises(EarmarkError, match=r"line 3: .*is listed twice, in line 2 in another spelling"):
        read_csv(csv(f"path,label\n{NFC}.mid,Bach\n{NFD}.mid,Bach\n"))


def test_files_of_both_forms_are_two_pieces(csv, tmp_path):
    for form in (NFC, NFD):
        (tmp_path / f"{form}.mid").touch()
    origins = read_csv(csv(f"path,label\n{NFC}.mid,Bach\n{NFD}.mid,Bach\n"))
    assert [origin.file for origin in origins] == [tmp_path / f"{form}.mid" for form in (NFC, NFD)]


def test_a_path_may_be_a_url_of_a_file(csv, tmp_path):
    for start in ("file://", "FILE://localhost"):
        (origin,) = read_csv(csv(f"path,label\n{start}{tmp_path}/a%20b%C5%99.mid,Bach\n"))
        assert origin.file == tmp_path / "a bř.mid"
        assert origin.name == str(tmp_path / "a bř.mid")


def test_a_decimal_comma_is_one(csv):
    (origin,) = read_csv(csv("path;label;confidence\na.mid;Bach;0,75\n"))
    assert origin.confidence == 0.75


def test_a_missing_csv_is_named(tmp_path):
    with pytest.raises(EarmarkError, match=r"nothing\.csv"):
        read_csv(tmp_path / "nothing.csv")


@pytest.mark.parametrize(
    ("header", "cells", "confidence"),
    [
        ("", "", 1.0),
        (",confidence", ",0.25", 0.25),
        (",key_confidence,mode_confidence", ",0.9,0.6", 0.6),  # the least counts
        (",key_confidence,mode_confidence", ",,0.6", 0.6),
        (",confidence", ",", 1.0),  # no confidence stated
        (",confidence", "", 1.0),
        (", Key Confidence ", ", 0.5 ", 0.5),
        (",confidence_level", ",0.1", 1.0),  # another column
        (",confidence", ",75", 75.0),  # as it is stated: data.min_confidence refuses it
        (",confidence", ",1e-1", 0.1),
    ],
)
def test_the_least_of_all_confidences_counts(csv, header, cells, confidence):
    (origin,) = read_csv(csv(f"path,label{header}\na.mid,Bach{cells}\n"))
    assert origin.confidence == confidence


@pytest.mark.parametrize("cells", ["sure,0.9", "0.9,sure", "n/a,", "nan,0.9", "0.9,nan"])
def test_a_confidence_that_is_no_number_is_none(csv, cells):
    (origin,) = read_csv(csv(f"path,label,key_confidence,mode_confidence\na.mid,Bach,{cells}\n"))
    assert math.isnan(origin.confidence)


def test_each_row_has_its_own_confidence(csv):
    origins = read_csv(csv("confidence,path,label\n0.1,a.mid,Bach\n,b.mid,Bach\n0.3,c.mid,Bach\n"))
    assert [origin.confidence for origin in origins] == [0.1, 1.0, 0.3]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", ":", "§"])
def test_columns_by_name_whatever_parts_them(tmp_path, delimiter):
    (tmp_path / "a.mid").touch()
    rows = (("No", "Class", "File name", "label", "Opus"), ("1", "Bach", "a.mid", "3", "BWV 1"))
    (tmp_path / "list.csv").write_text("\n".join(delimiter.join(row) for row in rows) + "\n")
    (origin,) = read_csv(tmp_path / "list.csv", Columns("file  NAME", "class", "Opus"))
    assert (origin.name, origin.label, origin.group) == ("a.mid", "Bach", "BWV 1")
    assert (origin.file, origin.fault) == (tmp_path / "a.mid", "")


def test_words_may_be_parted_by_spaces(tmp_path):
    (tmp_path / "list.txt").write_text("path label\na.mid Bach\n")
    assert [(one.name, one.label) for one in read_csv(tmp_path / "list.txt")] == [("a.mid", "Bach")]


@pytest.mark.parametrize(
    ("columns", "missing"),
    [(Columns("Files"), "files"), (Columns(label="Kind"), "kind"), (Columns(group="Opus"), "opus")],
)
def test_a_column_that_is_not_there_is_named(tmp_path, columns, missing):
    (tmp_path / "list.csv").write_text("path,label\na.mid,Bach\n")
    with pytest.raises(EarmarkError, match=f"has no column '{missing}'.* says path, label$"):
        read_csv(tmp_path / "list.csv", columns)
