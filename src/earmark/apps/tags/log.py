"""What was tagged, written down before it is done: JSON lines, one per file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from earmark.foundation.errors import EarmarkError, describe

VERSION = 1


@dataclass(frozen=True)
class Entry:
    """One file that was tagged.

    old, new: values of each kind; None where there was none. bundles: the hash of the model of each
    kind. mtime_ns: when the file had been modified. restore: how to get the old bytes from the new
    ones, by `earmark.apps.tags.delta`.
    """

    path: str
    time: str
    sha256_before: str
    sha256_after: str
    mtime_ns: int
    old: Mapping[str, list[str] | None]
    new: Mapping[str, str]
    bundles: Mapping[str, str]
    restore: list[Any]


class Log:
    """A new log; it appears with its first entry. Raises EarmarkError where the file is there already."""

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise EarmarkError(f"{path} exists: a log belongs to one run, choose another name")
        if not os.access(path.parent, os.W_OK):
            raise EarmarkError(f"{path} cannot be written: choose another place with --log FILE")
        self.path = path

    def append(self, entry: Entry) -> None:
        """On the disk when this returns. Raises EarmarkError where that cannot be done."""
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
    """The entries, and whether the last line is cut: its file was not touched.

    Raises EarmarkError for what is no log.
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
    content = json.loads(line)
    if content.pop("version") != VERSION:
        raise ValueError("another version")
    entry = Entry(**{field.name: content[field.name] for field in fields(Entry)})
    texts = (entry.path, entry.sha256_before, entry.sha256_after)
    if not (all(isinstance(text, str) for text in texts) and isinstance(entry.restore, list)):
        raise TypeError("values of another type")
    return entry
