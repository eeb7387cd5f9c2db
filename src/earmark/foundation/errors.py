"""The errors that a user can cause. Each is one line: what, where, how to mend."""

from __future__ import annotations

import errno
import re
from pathlib import Path

from earmark.foundation.words import printable

_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
# As SQLite, and libraries in other languages, say it.
_DISK_WORDS = re.compile("No space left on device|File too large|database or disk is full|disk I/O error")


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


def disk_fault(error: BaseException) -> str:
    """What a disk that is full or read-only did, in one line; "" where the error is another one.

    Args:
        error: As raised, perhaps by a library that wrapped what the system said.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in _DISK:
            return f"{describe(seen)}: make room, and run it again"
        if words := _DISK_WORDS.search(str(seen)):
            return f"{words[0]}: make room, and run it again"
        seen = seen.__cause__ or seen.__context__
    return ""


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))
