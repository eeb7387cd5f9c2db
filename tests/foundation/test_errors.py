"""One line for whatever goes wrong."""

import pickle

import pytest

from earmark.foundation.errors import EarmarkError, PieceError, describe


@pytest.mark.parametrize("kind", [EarmarkError, PieceError])
def test_an_error_is_one_line_however_it_was_written(kind):
    assert str(kind("no space\n  left,\tfree some ")) == "no space left, free some"


def test_an_error_shows_no_more_than_a_terminal_may():
    assert str(EarmarkError("a\x1b[31m.mid \udce9 久")) == r"a\x1b[31m.mid \xe9 久"
    assert describe(OSError(2, "No such file", "a\r\x1b")) == r"No such file: a\r\x1b"
    assert describe(ValueError("a\x1b")) == r"ValueError: a\x1b"


def test_a_piece_error_is_caught_as_an_earmark_error_and_not_the_other_way_round():
    assert issubclass(PieceError, EarmarkError)
    assert not issubclass(EarmarkError, PieceError)


def test_an_error_keeps_type_and_text_on_its_way_from_a_worker_process():
    error = pickle.loads(pickle.dumps(PieceError("MIDI file has no notes")))
    assert type(error) is PieceError
    assert str(error) == "MIDI file has no notes"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (PieceError("empty\nfile"), "empty file"),
        (ValueError("bad\n  value"), "ValueError: bad value"),
        (ZeroDivisionError(), "ZeroDivisionError"),
        (FileNotFoundError(2, "No such file or directory", "a.mid"), "No such file or directory: a.mid"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("told no number"), "OSError: told no number"),
        (KeyError("label"), "KeyError: 'label'"),
    ],
)
def test_any_exception_is_described_in_one_line(error, line):
    assert describe(error) == line
