"""Files that are written whole or not at all: a temporary file beside the target, then `os.replace`."""

from __future__ import annotations

import os
import platform
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from earmark.foundation.orphan import is_running

_TEMPORARY = re.compile(r"\.([0-9a-f]{8})-(\d+)-\w+\.tmp(\.\w+)?")


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Write a file in one step: what was written to the temporary path takes `target`'s place on success.

    The old file, which may be a read-only hardlink into the store, is replaced and never written to. Where
    the block raises, it stays as it is.

    Args:
        target: The file; its folder is made where it is missing.

    Yields:
        A temporary path beside `target`, of the same suffix.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{_host()}-{os.getpid()}-"
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=f".tmp{target.suffix}")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp's mode is 0600; a result is to be as readable as any file by the user's umask.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(target: Path, content: bytes) -> None:
    """Write bytes in one step."""
    with replacing(target) as temporary:
        temporary.write_bytes(content)


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 text with POSIX line ends in one step."""
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def remove_abandoned(folders: Iterable[Path]) -> None:
    """Remove the temporary files of processes of this machine that were killed while they wrote.

    Args:
        folders: Where to look, not below; those that are missing are passed over.
    """
    for folder in folders:
        for path in folder.iterdir() if folder.is_dir() else ():
            match = _TEMPORARY.fullmatch(path.name)
            if match and match[1] == _host() and not is_running(int(match[2])):
                with suppress(FileNotFoundError):
                    path.unlink()


def _host() -> str:
    """This machine in a file's name: others that share the folder have processes of the same numbers."""
    return f"{zlib.crc32(platform.node().encode()):08x}"
