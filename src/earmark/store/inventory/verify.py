"""Hash every entry anew: the only way to find what was changed with its size and time kept."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from earmark.store.digest import digest_file
from earmark.store.entry import note_path
from earmark.store.inventory.survey import Entry, nobody_else


def damage(path: Path) -> str:
    """What is wrong with the entry at `path`, or nothing; nothing, too, where it is gone."""
    try:
        note = json.loads(_read_unnoticed(note_path(path)))
        size, noted, sha256 = path.stat().st_size, note["size"], note["sha256"]
    except FileNotFoundError:
        return ""
    except (ValueError, KeyError, TypeError):
        return "its note is not one"
    if size != noted:
        return f"has {size:,} bytes, was made with {noted:,}"
    try:
        return "" if digest_file(path) == sha256 else "its bytes are not those that were made"
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _read_unnoticed(path: Path) -> bytes:
    """The time at which a note was read last says when its entry was asked for: this does not count."""
    try:
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NOATIME", 0))
    except PermissionError:  # another user's file
        file = os.open(path, os.O_RDONLY)
    with open(file, "rb") as reader:
        return reader.read()


def verify(entries: Iterable[Entry], workers: int = 0) -> Iterator[tuple[Entry, str]]:
    """Each entry and its damage, hashed in `workers` threads (0: one per core), as they are done."""
    from joblib import Parallel, cpu_count, delayed

    parallel = Parallel(
        n_jobs=workers or cpu_count(),
        backend="threading",  # hashing and reading let other threads run
        return_as="generator_unordered",
        pre_dispatch="4*n_jobs",
    )
    yield from parallel(delayed(_verified)(entry) for entry in entries)


def _verified(entry: Entry) -> tuple[Entry, str]:
    return entry, damage(entry.path)


def heal(entry: Entry) -> bool:
    """Remove a damaged entry, so that the next run computes it anew; False where that has begun."""
    with nobody_else(entry.path) as free:
        if not free or not damage(entry.path):
            return False
        entry.path.unlink(missing_ok=True)
        note_path(entry.path).unlink(missing_ok=True)
    return True
