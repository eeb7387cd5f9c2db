"""Hash every entry anew: the only way to find what was changed with its size and time kept."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from earmark.store.digest import digest_file
from earmark.store.entry import note_path
from earmark.store.inventory.scan import Entry, try_lock


def damage(path: Path) -> str:
    """What is wrong with the entry at `path`; "" where it is sound, or was removed meanwhile."""
    try:
        note = json.loads(_read_without_access_time(note_path(path)))
        size, noted_size, sha256 = path.stat().st_size, note["size"], note["sha256"]
    except FileNotFoundError:
        return ""
    except (ValueError, KeyError, TypeError):
        return "its note is not one"
    if size != noted_size:
        return f"has {size:,} bytes, was made with {noted_size:,}"
    try:
        return "" if digest_file(path) == sha256 else "its bytes are not those that were made"
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _read_without_access_time(path: Path) -> bytes:
    """The bytes of a note. Its access time tells when its entry was asked for, and verifying does not ask."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NOATIME", 0))  # Linux alone has it
    except PermissionError:  # another user's file
        file = os.open(path, os.O_RDONLY)
    with open(file, "rb") as reader:
        return reader.read()


def verify(entries: Iterable[Entry], workers: int = 0) -> Iterator[tuple[Entry, str]]:
    """Hash entries in threads.

    Args:
        entries: What to hash.
        workers: Threads; 0 for one per core.

    Yields:
        Each entry and its damage (see `damage`), in the order in which they are done.
    """
    from joblib import Parallel, cpu_count, delayed

    parallel = Parallel(
        n_jobs=workers or cpu_count(),
        backend="threading",  # hashing and reading let other threads run
        return_as="generator_unordered",
        pre_dispatch="4*n_jobs",
    )
    for result in parallel(delayed(_verified)(entry) for entry in entries):
        assert result is not None  # joblib's annotation allows for it
        yield result


def _verified(entry: Entry) -> tuple[Entry, str]:
    return entry, damage(entry.path)


def heal(entry: Entry) -> bool:
    """Remove a damaged entry, so that the next run computes it anew.

    Returns:
        Whether it was removed: not where it is sound, or where somebody is computing it anew already.
    """
    with try_lock(entry.path) as is_free:
        if not is_free or not damage(entry.path):
            return False
        entry.path.unlink(missing_ok=True)
        note_path(entry.path).unlink(missing_ok=True)
    return True
