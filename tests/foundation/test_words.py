"""Numbers and paths as people read them."""

import os
from pathlib import Path

import pytest

from earmark.foundation.words import fixed, printable, shown

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
