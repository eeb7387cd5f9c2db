"""Which files can be read, and why others cannot: links to nowhere, pipes, devices, names in bytes."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from earmark.foundation.errors import describe
from earmark.foundation.words import printable

_KINDS = (
    *((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket")),
    *((stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device")),
)


def fault_of(file: Path) -> str:
    """Say why a file cannot be read, without opening it: an open pipe may wait for ever.

    Args:
        file: Its path.

    Returns:
        The reason; "" where it is a regular file that may be read.
    """
    try:
        mode = file.stat().st_mode
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno == errno.ELOOP:
            return "cannot be read: the link leads back to itself"
        if isinstance(error, FileNotFoundError) and file.is_symlink():
            return f"cannot be read: the link leads to {printable(os.readlink(file))}, which is not there"
        return f"cannot be read: {getattr(error, 'strerror', None) or describe(error)}"
    if not stat.S_ISREG(mode):
        kind = next((kind for is_kind, kind in _KINDS if is_kind(mode)), "something else")
        return f"is not a file but {kind}"
    return "" if os.access(file, os.R_OK) else f"cannot be read: {os.strerror(errno.EACCES)}"


def fault_of_name(name: str) -> str:
    """Say why a path cannot be kept in tables, which are UTF-8; "" where it can."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8: rename it, for example with convmv"
    return ""
