"""Tag a file so that it either happened or did not, and take it back."""

from __future__ import annotations

import mmap
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from earmark.apps.tags.delta import applied, recipe
from earmark.apps.tags.formats import Tagging, Values, tagging_of
from earmark.apps.tags.frames import audio_digest
from earmark.apps.tags.log import Entry, Log
from earmark.foundation.errors import EarmarkError, PieceError, describe
from earmark.store.digest import digest_file


def read_tags(path: Path) -> Values | None:
    """Genre, key and composer that a file has; None for a format without tags.

    Raises PieceError where it cannot be read.
    """
    found = tagging_of(path)
    if found is None:
        return None
    with _one_line():
        return found[1].read(path)


def write_tags(path: Path, new: Mapping[str, str], bundles: Mapping[str, str], log: Log) -> None:
    """Tag a file: a copy beside it is tagged, compared, logged, and takes its place.

    The copy has its mode and, where that is allowed, its owner; its time of modification is now.
    Raises PieceError where it cannot be done; the file is then as it was.
    """
    path = path.resolve()  # a link stays a link
    found = tagging_of(path)
    if found is None:
        raise PieceError("its format has no tags that earmark writes")
    form, tagging = found
    with _one_line(), _copy_beside(path) as (copy, seen):
        before = digest_file(copy)
        old = tagging.read(copy)
        tagging.write(copy, new)
        _compare(path, copy, form, tagging, new)
        restore = _recipe(path, copy)
        os.utime(copy)
        log.append(
            Entry(
                path=str(path),
                time=datetime.now().astimezone().isoformat(timespec="seconds"),
                sha256_before=before,
                sha256_after=digest_file(copy),
                mtime_ns=seen.st_mtime_ns,
                old={kind: old.get(kind) for kind in new},
                new=dict(new),
                bundles={kind: bundles[kind] for kind in new},
                restore=restore,
            )
        )
        _put(copy, path, seen)


def take_back(entry: Entry) -> bool:
    """Give a file the bytes and the time back that it had before; False where it has these bytes already.

    Raises PieceError where it is gone or changed since, and leaves it as it is.
    """
    path = Path(entry.path)
    with _one_line():
        if not path.is_file():
            raise PieceError("is no longer there: left alone")
        digest = digest_file(path)
        if digest == entry.sha256_before:
            return False
        if digest != entry.sha256_after:
            raise PieceError("has changed since it was tagged: left alone")
        with _copy_beside(path) as (copy, seen):
            with _mapped(path) as new, copy.open("wb") as file:
                for part in applied(entry.restore, new):
                    file.write(part)
            if digest_file(copy) != entry.sha256_before:
                raise PieceError("its entry in the log is damaged: left alone")
            os.utime(copy, ns=(seen.st_atime_ns, entry.mtime_ns))
            _put(copy, path, seen)
    return True


def _compare(path: Path, copy: Path, form: str, tagging: Tagging, new: Mapping[str, str]) -> None:
    had = tagging.read(path)
    wanted = {**had, **{kind: [value] for kind, value in new.items()}}
    has = {kind: list(dict.fromkeys(values)) for kind, values in tagging.read(copy).items()}
    if has != {kind: list(dict.fromkeys(values)) for kind, values in wanted.items()}:
        raise PieceError(f"not tagged: the tags would read {has}")
    others = tagging.others(path)
    # A file without any tags has none that could be lost.
    if others is not None and tagging.others(copy) != others:
        raise PieceError("not tagged: its other tags would not survive")
    if audio_digest(path, form) != audio_digest(copy, form):
        raise PieceError("not tagged: its sound would not survive")


def _recipe(path: Path, copy: Path) -> list[Any]:
    with _mapped(path) as old, _mapped(copy) as new:
        steps = recipe(old, new)
        place = 0
        for part in applied(steps, new):
            if old[place : place + len(part)] != part:
                raise PieceError("not tagged: it could not be restored")
            place += len(part)
        if place != len(old):
            raise PieceError("not tagged: it could not be restored")
    return steps


@contextmanager
def _mapped(path: Path) -> Iterator[Any]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        yield content


@contextmanager
def _copy_beside(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """A copy in the same folder, hidden from a walk through it, and what the file was when it was made."""
    seen = path.stat()
    if not seen.st_mode & 0o200 or not os.access(path, os.W_OK):
        raise PieceError("is write-protected: chmod u+w, then run again")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".earmark-", suffix=path.suffix)
    os.close(handle)
    copy = Path(name)
    try:
        shutil.copy2(path, copy)
        if (seen.st_uid, seen.st_gid) != (copy.stat().st_uid, copy.stat().st_gid):
            with suppress(PermissionError):  # only root may give files away
                os.chown(copy, seen.st_uid, seen.st_gid)
                copy.chmod(seen.st_mode & 0o7777)  # chown takes setuid bits away
        yield copy, seen
    finally:
        copy.unlink(missing_ok=True)


def _put(copy: Path, path: Path, seen: os.stat_result) -> None:
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    now = path.stat()
    if (now.st_size, now.st_mtime_ns, now.st_ino) != (seen.st_size, seen.st_mtime_ns, seen.st_ino):
        raise PieceError("has changed while it was being tagged: run again")
    os.replace(copy, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _one_line() -> Iterator[None]:
    """What mutagen and the disk complain about, as one line."""
    try:
        yield
    except EarmarkError:
        raise
    except Exception as error:  # a damaged file makes mutagen fail in many ways, and is one file's error
        raise PieceError(f"its tags cannot be read or written: {describe(error)}") from error
