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

from earmark.store.entry import lock_path, note_path

TEMPORARY = re.compile(r"\.(?P<name>[0-9a-f]+(\.\w+)?)(\.json)?\.[0-9a-f]{8}\.tmp(\.\w+)?")
FILE = re.compile(r"[0-9a-f]+(\.\w+)?")
NOTE, LOCK = ".json", ".lock"
ABANDONED_S = 86_400  # age from which a temporary file that does not name its entry is a leftover


@dataclass(frozen=True, slots=True)
class Entry:
    """A whole entry.

    Attributes:
        kind: Folder of the store that it lies in, for example `audio`.
        path: Its file.
        size: Bytes.
        links: Names of its inode; above 1 it is linked from outside of the store.
        used: When it was last asked for, seconds since the epoch.
    """

    kind: str
    path: Path
    size: int
    links: int
    used: float


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file of no use to anybody.

    Attributes:
        kind: Folder of the store that it lies in.
        path: The file.
        entry: The entry that it was to become.
        size: Bytes.
    """

    kind: str
    path: Path
    entry: Path
    size: int


@dataclass(frozen=True, slots=True)
class Written:
    """A temporary file that somebody is writing to.

    Attributes:
        kind: Folder of the store that it lies in.
        path: The file.
        size: Bytes written so far.
    """

    kind: str
    path: Path
    size: int


Item = Entry | Leftover | Written
"""What a scan yields."""


def scan(root: Path) -> Iterator[Item]:
    """Yield all that lies below `root`, folder by folder; files that are not the store's are passed over."""
    for kind in _folders(root):
        for folder in _folders(Path(kind.path)):
            yield from _scan_folder(kind.name, Path(folder.path))


def _folders(path: Path) -> list[os.DirEntry[str]]:
    try:
        folders = [item for item in os.scandir(path) if item.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    return sorted(folders, key=lambda item: item.name)


def _scan_folder(kind: str, folder: Path) -> Iterator[Item]:
    files = {item.name: status for item in os.scandir(folder) if (status := _status(item))}
    for name, status in sorted(files.items()):
        if FILE.fullmatch(name) and f"{name}{NOTE}" in files:
            used = max(status.st_mtime, files[f"{name}{NOTE}"].st_atime)
            yield Entry(kind, folder / name, status.st_size, status.st_nlink, used)
        elif (entry_name := _entry_of(name, files)) is not None:
            entry = folder / entry_name
            if is_being_written(entry):
                if name.startswith("."):
                    yield Written(kind, folder / name, status.st_size)
            else:
                yield Leftover(kind, folder / name, entry, status.st_size)
        elif re.fullmatch(r"\..+\.tmp(\.\w+)?", name) and time.time() - status.st_mtime > ABANDONED_S:
            yield Leftover(kind, folder / name, folder / name, status.st_size)


def _status(item: os.DirEntry[str]) -> os.stat_result | None:
    """The file's status; None for what was removed meanwhile and for what is no file."""
    try:
        return item.stat(follow_symlinks=False) if item.is_file(follow_symlinks=False) else None
    except FileNotFoundError:
        return None


def _entry_of(name: str, files: dict[str, os.stat_result]) -> str | None:
    """The entry that a temporary file, a lock, or half of an entry belongs to; None for all else."""
    if match := TEMPORARY.fullmatch(name):
        return match["name"]
    if name.endswith(LOCK) and FILE.fullmatch(name.removesuffix(LOCK)):
        return name.removesuffix(LOCK)
    if name.endswith(NOTE) and FILE.fullmatch(noted := name.removesuffix(NOTE)):
        # The note of a file without suffix looks like a JSON file without its note.
        return None if noted in files else noted if "." in noted else name
    return name if FILE.fullmatch(name) else None


def is_being_written(entry: Path) -> bool:
    """Whether a living process holds the entry's lock."""
    if not lock_path(entry).exists():
        return False
    with try_lock(entry) as is_free:
        return not is_free


@contextmanager
def try_lock(entry: Path) -> Iterator[bool]:
    """Hold the entry's lock if it is free, without waiting.

    The lock file is removed afterwards unless it was there before.

    Yields:
        Whether the lock was free, and is held now.
    """
    from filelock import FileLock, Timeout  # see `entry.locked`

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


def remove(item: Item) -> bool:
    """Remove an entry and its note, or a leftover.

    Returns:
        Whether it was removed: not where somebody is writing there, or has made a whole entry of it since.
    """
    if isinstance(item, Written):
        return False
    entry = item.path if isinstance(item, Entry) else item.entry
    with try_lock(entry) as is_free:
        if is_free and isinstance(item, Leftover) and _is_whole_now(item):
            return False
        if is_free:
            item.path.unlink(missing_ok=True)
            if isinstance(item, Entry):
                note_path(entry).unlink(missing_ok=True)
            lock_path(entry).unlink(missing_ok=True)
    return is_free


def _is_whole_now(item: Leftover) -> bool:
    """Whether what was half of an entry when it was scanned has got its other half since."""
    if item.path == item.entry:
        return note_path(item.entry).exists()
    return item.path == note_path(item.entry) and item.entry.exists()
