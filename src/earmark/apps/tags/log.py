"""The log of `earmark tag`: JSON lines, one per file, each written before the file is changed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from earmark.apps.tags.tag_kinds import New
from earmark.foundation.errors import EarmarkError, describe

VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One file that was tagged.

    Attributes:
        path: The file.
        time: When it was tagged, ISO 8601 with the offset from UTC.
        sha256_before: Of its bytes before.
        sha256_after: Of its bytes after.
        mtime_ns: When it had been modified before.
        old: Values of each kind before; None where there was none.
        new: The value, or the values, of each kind after.
        bundles: What found the value of each kind: the hash of its model.
        restore: How to make the old bytes from the new ones, by `earmark.apps.tags.delta`.
    """

    path: str
    time: str
    sha256_before: str
    sha256_after: str
    mtime_ns: int
    old: Mapping[str, list[str] | None]
    new: New
    bundles: Mapping[str, str]
    restore: list[Any]


class Log:
    """A new log; its file appears with the first entry.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        """Prepare a log.

        Args:
            path: Its file.

        Raises:
            EarmarkError: The file exists, or cannot be written.
        """
        if path.exists():
            raise EarmarkError(f"{path} exists: a log belongs to one run, choose another name")
        if not os.access(path.parent, os.W_OK):
            raise EarmarkError(f"{path} cannot be written: choose another place with --log FILE")
        self.path = path

    def append(self, entry: Entry) -> None:
        """Write an entry; it is on the disk when this returns.

        Args:
            entry: The entry.

        Raises:
            EarmarkError: It cannot be written.
        """
        line = json.dumps({"version": VERSION, **asdict(entry)})  # ASCII: file names may be no UTF-8
        try:
            with self.path.open("a", encoding="ascii", newline="\n") as file:
                file.write(f"{line}\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise EarmarkError(
                f"the log {self.path} cannot be written: {describe(error)}; nothing more is tagged"
            ) from error


def read_log(path: Path) -> tuple[list[Entry], bool]:
    """Read a log.

    Args:
        path: Its file.

    Returns:
        The entries, and whether the last line is cut; then the file that it names was not changed.

    Raises:
        EarmarkError: It cannot be read, or is no log.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise EarmarkError(f"{path} cannot be read: {describe(error)}") from error
    entries = []
    cut = bool(lines[-1])  # a whole line ends with a line end
    for number, line in enumerate(lines[:-1], start=1):
        try:
            entries.append(_entry(line))
        except (ValueError, TypeError, KeyError) as error:
            raise EarmarkError(f"{path} line {number} is no entry of a log of earmark tag") from error
    if cut and not entries and not lines[-1].startswith(b"{"):
        raise EarmarkError(f"{path} is no log of earmark tag")
    return entries, cut


def _entry(line: bytes) -> Entry:
    """The entry of a line. Raises ValueError, TypeError or KeyError for what is none."""
    content = json.loads(line)
    if content.pop("version") != VERSION:
        raise ValueError("another version")
    entry = Entry(**{field.name: content[field.name] for field in fields(Entry)})
    texts = (entry.path, entry.sha256_before, entry.sha256_after)
    if not (all(isinstance(text, str) for text in texts) and isinstance(entry.restore, list)):
        raise TypeError("values of another type")
    return entry
