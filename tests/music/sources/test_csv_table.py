"""A CSV of music: what it may say, and how it says where it is wrong."""

import math

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.music.sources.csv_table import read_csv
from earmark.music.sources.origin import Origin


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
        ("path;label\na.mid;Bach\n", "has no column 'path'"),
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


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_another_encoding_is_refused(csv, encoding):
    with pytest.raises(EarmarkError, match=r"catalog\.csv is not a CSV table in UTF-8"):
        read_csv(csv("path,label\na.mid,Dvořák\n".replace("ř", "é"), encoding))


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
