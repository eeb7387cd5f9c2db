"""One line for whatever goes wrong."""

import errno
import pickle

import pytest

from earmark.foundation.errors import EarmarkError, PieceError, describe, disk_fault


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


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a.csv"), "No space left on device: a.csv"),
        (OSError(errno.EROFS, "Read-only file system", "a.csv"), "Read-only file system: a.csv"),
        (RuntimeError("I/O error: File too large (os error 27)"), "File too large"),
        (RuntimeError("(sqlite3.OperationalError) database or disk is full"), "database or disk is full"),
    ],
)
def test_a_full_disk_is_one_line_whoever_says_it(error, line):
    wrapped = ValueError("cannot write")
    wrapped.__cause__ = error
    assert disk_fault(wrapped) == f"{line}: make room, and run it again"
    assert disk_fault(ValueError("anything else")) == ""
    assert disk_fault(OSError(errno.ENOENT, "No such file or directory", "a.csv")) == ""
