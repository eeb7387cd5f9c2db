"""The errors that a user can cause. Each is one line: what, where, how to mend."""

from __future__ import annotations

from pathlib import Path

from earmark.foundation.words import printable


class EarmarkError(Exception):
    """A user's mistake or a missing prerequisite; shown as one line, never as a traceback."""

    def __str__(self) -> str:
        """The message on one line, without what a terminal would obey."""
        return _one_line(super().__str__())


class PieceError(EarmarkError):
    """This one piece cannot be used; the stage records the reason and goes on with the others."""


def describe(error: BaseException) -> str:
    """One line for any exception: the message of an EarmarkError, else the type and its message."""
    if isinstance(error, EarmarkError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        where = f": {printable(error.filename)}" if isinstance(error.filename, (str, Path)) else ""
        return f"{error.strerror}{where}"
    text = _one_line(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))
