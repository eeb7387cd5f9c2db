"""Numbers and paths as people read them."""

import csv
import json
import os
from pathlib import Path

import pytest

from earmark.foundation.words import (
    compact_json,
    csv_lines,
    file_stem,
    fixed,
    in_utf8,
    json_text,
    printable,
    shown,
)

VISIBLE = "Dvořák – 久石譲 👩\u200d🎤 می\u200cخواهم a\u00a0b"


@pytest.mark.parametrize(
    ("value", "digits", "text"), [(0.12345, 3, "0.123"), (1.0, 2, "1.00"), (None, 3, "–"), (-0.5, 0, "-0")]
)
def test_a_number_has_its_decimals_and_nothing_is_a_dash(value, digits, text):
    assert fixed(value, digits) == text


def test_a_path_is_short_below_its_base_alone():
    assert shown(Path("/a/b/c"), Path("/a")) == "b/c"
    assert shown(Path("/x/c"), Path("/a")) == "/x/c"


@pytest.mark.parametrize(
    ("text", "as_shown"),
    [
        ("a\rb\nc\td", r"a\rb\nc\td"),
        ("\x1b[31mred\x07\x9b", r"\x1b[31mred\x07\x9b"),
        (os.fsdecode(b"caf\xe9.mid"), r"caf\xe9.mid"),
        ("\ud83c", r"\ud83c"),
        ("\u2028\u202egp.dim\ufeff", r"\u2028\u202egp.dim\ufeff"),
        (VISIBLE, VISIBLE),
        (r"a\nb", r"a\nb"),
        (Path("a/b\n.mid"), r"a/b\n.mid"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text, as_shown):
    assert printable(text) == as_shown
    printable(text).encode()


NAMES = (
    "line\nend",
    "car\rriage",
    "\r",
    "tab\t",
    "\x1b[31m",
    "\x9b",
    "q'u\"o,t;e",
    VISIBLE,
    "a\u2028b\u202e",
    "",
)


@pytest.mark.parametrize("name", ["a" * 255, "久" * 85, "👩\u200d🎤" * 23, os.fsdecode(b"\xe9" * 255)])
def test_a_long_name_leaves_room_for_a_number_and_a_suffix(tmp_path, name):
    (tmp_path / f"{file_stem(name)}-99.png").touch()
    assert name.startswith(file_stem(name))
    assert len(os.fsencode(file_stem(name))) > 225


def test_a_short_name_stays():
    assert file_stem("a" * 240) == "a" * 240


def test_a_table_keeps_every_name(tmp_path):
    rows = [["name", "number"], *([name, str(number)] for number, name in enumerate(NAMES))]
    (tmp_path / "table.csv").write_text("".join(csv_lines(rows)), encoding="utf-8", newline="")
    with (tmp_path / "table.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == rows


def test_a_table_is_as_the_csv_module_writes_it_where_nothing_is_odd():
    assert list(csv_lines([["a", "b,c"], [1, 2.5], ['"', ""]])) == ['a,"b,c"\n', "1,2.5\n", '"""",\n']


def test_a_table_shows_bytes_that_are_no_text():
    assert list(csv_lines([[os.fsdecode(b"caf\xe9\r")]])) == ['"caf\\xe9\r"\n']
    assert in_utf8(os.fsdecode(b"caf\xe9\x1b")) == "caf\\xe9\x1b"


@pytest.mark.parametrize("name", [*NAMES, os.fsdecode(b"caf\xe9"), "a\\nb"])
def test_json_gives_names_back_and_a_terminal_may_show_it(name):
    text = json_text([{name: name}])
    assert json.loads(text.encode()) == [{name: name}]
    assert printable(text.replace("\n", "")) == text.replace("\n", "")


def test_json_keeps_letters_and_lines():
    assert json_text({"a": ["ř"]}) == '{\n  "a": [\n    "ř"\n  ]\n}'


def test_standard_output_of_any_encoding_takes_any_letter(python):
    code = (
        "import sys\nfrom earmark.foundation.words import never_refuse\n"
        "sys.stdout.reconfigure(encoding='ascii', errors='strict')\nnever_refuse()\nprint('é久\\udce9')"
    )
    printed, complaint = python(code).communicate()
    assert (printed, complaint) == ("\\xe9\\u4e45\\udce9\n", "")


def test_json_lines_are_one_line_each_as_json_is():
    content = {"path": "a\nb\udce9\x9b", "label": "Dvořák"}
    line = compact_json(content)
    assert line == '{"path": "a\\nb\\udce9\\u009b", "label": "Dvořák"}'
    assert json.loads(line) == json.loads(json_text(content)) == content
