"""Walk through a store: its entries, and what killed writers left.

A writer holds the lock of the entry that it makes. A temporary file, lock file or note whose lock nobody
holds is a leftover; so is a file without a note, which nobody would trust.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from earmark.store.entry import lock_path, note_path

TEMPORARY = re.compile(r"\.(?P<name>[0-9a-f]+(\.\w+)?)(\.json)?\.[0-9a-f]{8}\.tmp(\.\w+)?")
FILE = re.compile(r"[0-9a-f]+(\.\w+)?")
NOTE, LOCK = ".json", ".lock"
ABANDONED_S = 86_400  # age of a temporary file that does not say whose it is, and yet is nobody's


@dataclass(frozen=True, slots=True)
class Entry:
    """A whole entry: `size` in bytes, `links` names of its inode, `used` when it was last asked for (s)."""

    kind: str
    path: Path
    size: int
    links: int
    used: float


@dataclass(frozen=True, slots=True)
class Leftover:
    """What is of no use to anybody; `entry` is the one it was to become."""

    kind: str
    path: Path
    entry: Path
    size: int


@dataclass(frozen=True, slots=True)
class Written:
    """A temporary file that somebody is writing to."""

    kind: str
    path: Path
    size: int


def survey(root: Path) -> Iterator[Entry | Leftover | Written]:
    """All that lies below `root`, folder by folder; files that are not the store's are passed over."""
    for kind in _folders(root):
        for folder in _folders(Path(kind.path)):
            yield from _folder(kind.name, Path(folder.path))


def _folders(path: Path) -> list[os.DirEntry]:
    try:
        found = [item for item in os.scandir(path) if item.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    return sorted(found, key=lambda item: item.name)


def _folder(kind: str, folder: Path) -> Iterator[Entry | Leftover | Written]:
    there = {item.name: status for item in os.scandir(folder) if (status := _status(item))}
    for name, status in sorted(there.items()):
        if FILE.fullmatch(name) and f"{name}{NOTE}" in there:
            used = max(status.st_mtime, there[f"{name}{NOTE}"].st_atime)
            yield Entry(kind, folder / name, status.st_size, status.st_nlink, used)
        elif (of := _would_be(name, there)) is not None:
            entry = folder / of
            if is_written(entry):
                if name.startswith("."):
                    yield Written(kind, folder / name, status.st_size)
            else:
                yield Leftover(kind, folder / name, entry, status.st_size)
        elif re.fullmatch(r"\..+\.tmp(\.\w+)?", name) and time.time() - status.st_mtime > ABANDONED_S:
            yield Leftover(kind, folder / name, folder / name, status.st_size)


def _status(item: os.DirEntry) -> os.stat_result | None:
    """None for what went meanwhile and for what is no file."""
    try:
        return item.stat(follow_symlinks=False) if item.is_file(follow_symlinks=False) else None
    except FileNotFoundError:
        return None


def _would_be(name: str, there: dict[str, os.stat_result]) -> str | None:
    """The entry that a temporary file, a lock, or half of an entry belongs to; None for all else."""
    if found := TEMPORARY.fullmatch(name):
        return found["name"]
    if name.endswith(LOCK) and FILE.fullmatch(name.removesuffix(LOCK)):
        return name.removesuffix(LOCK)
    if name.endswith(NOTE) and (of := name.removesuffix(NOTE)) and FILE.fullmatch(of):
        # The note of a file without suffix looks like a JSON file without its note.
        return None if of in there else of if "." in of else name
    return name if FILE.fullmatch(name) else None


def is_written(entry: Path) -> bool:
    """Whether a living process holds the entry's lock."""
    if not lock_path(entry).exists():
        return False
    with nobody_else(entry) as free:
        return not free


@contextmanager
def nobody_else(entry: Path) -> Iterator[bool]:
    """Hold the entry's lock if it is free; whether it was. The lock file stays only with others."""
    lock = FileLock(lock_path(entry), blocking=False)
    existed = lock_path(entry).exists()
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        if not existed:
            lock_path(entry).unlink(missing_ok=True)
        lock.release()


def remove(found: Entry | Leftover) -> bool:
    """Remove an entry and its note, or a leftover; False where somebody is writing there, or has written."""
    entry = found.path if isinstance(found, Entry) else found.entry
    with nobody_else(entry) as free:
        if free and isinstance(found, Leftover) and _became_whole(found):
            return False
        if free:
            found.path.unlink(missing_ok=True)
            if isinstance(found, Entry):
                note_path(entry).unlink(missing_ok=True)
            lock_path(entry).unlink(missing_ok=True)
    return free


def _became_whole(found: Leftover) -> bool:
    """Whether what was half of an entry when it was found has got its other half since."""
    if found.path == found.entry:
        return note_path(found.entry).exists()
    return found.path == note_path(found.entry) and found.entry.exists()
