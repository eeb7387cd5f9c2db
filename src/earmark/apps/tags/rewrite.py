"""Tag a file, whole or not at all, and restore it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from earmark.apps.tags.audio_digest import audio_digest
from earmark.apps.tags.delta import applied, delta
from earmark.apps.tags.log import Entry, Log
from earmark.apps.tags.mpeg_tags import mapped
from earmark.apps.tags.tag_kinds import New, Values, listed
from earmark.apps.tags.tagging import Tagging, tagging_of
from earmark.foundation.errors import EarmarkError, PieceError, describe
from earmark.store.digest import digest_file


def read_tags(path: Path) -> Values | None:
    """Genre, key, composer and tempo that a file has.

    Args:
        path: The file.

    Returns:
        Values by kind; None for a format without tags that earmark writes.

    Raises:
        PieceError: It cannot be read.
    """
    form_and_tagging = tagging_of(path)
    if form_and_tagging is None:
        return None
    with _errors_of_one_file():
        return form_and_tagging[1].read(path)


def write_tags(path: Path, new: New, bundles: Mapping[str, str], log: Log) -> None:
    """Tag a file: a copy in the same folder is tagged, compared, logged, and takes its place.

    The copy has the mode of the file and, where that is allowed, its owner; its time of modification is now.

    Args:
        path: The file; of a link, what it points to.
        new: The value, or the values, of each kind to set.
        bundles: What found the value of each kind: the hash of its model.
        log: Where it is logged.

    Raises:
        PieceError: It cannot be done; the file is then as it was.
        EarmarkError: The log cannot be written; the file is then as it was.
    """
    path = path.resolve()  # a link stays a link
    form_and_tagging = tagging_of(path)
    if form_and_tagging is None:
        raise PieceError("its format has no tags that earmark writes")
    form, tagging = form_and_tagging
    with _errors_of_one_file(), _copy_in_same_folder(path) as (copy, before_status):
        before = digest_file(copy)
        old = tagging.read(copy)
        tagging.write(copy, new)
        _compare(path, copy, form, tagging, new)
        restore = _checked_delta(path, copy)
        os.utime(copy)
        log.append(
            Entry(
                path=str(path),
                time=datetime.now().astimezone().isoformat(timespec="seconds"),
                sha256_before=before,
                sha256_after=digest_file(copy),
                mtime_ns=before_status.st_mtime_ns,
                old={kind: old.get(kind) for kind in new},
                new=dict(new),
                bundles={kind: bundles[kind] for kind in new},
                restore=restore,
            )
        )
        _replace(copy, path, before_status)


def take_back(entry: Entry) -> bool:
    """Give a file the bytes and the time of modification that it had before it was tagged.

    Args:
        entry: Of the log.

    Returns:
        False where it has these bytes already.

    Raises:
        PieceError: It is gone, or has changed since; it is left as it is.
    """
    path = Path(entry.path)
    with _errors_of_one_file():
        if not path.is_file():
            raise PieceError("is no longer there: left alone")
        digest = digest_file(path)
        if digest == entry.sha256_before:
            return False
        if digest != entry.sha256_after:
            raise PieceError("has changed since it was tagged: left alone")
        with _copy_in_same_folder(path) as (copy, before_status):
            with mapped(path) as new, copy.open("wb") as file:
                for part in applied(entry.restore, new):
                    file.write(part)
            if digest_file(copy) != entry.sha256_before:
                raise PieceError("its entry in the log is damaged: left alone")
            os.utime(copy, ns=(before_status.st_atime_ns, entry.mtime_ns))
            _replace(copy, path, before_status)
    return True


def _compare(path: Path, copy: Path, form: str, tagging: Tagging, new: New) -> None:
    """Raise PieceError where the copy differs from the file in more than the new tags."""
    had = tagging.read(path)
    wanted = {**had, **{kind: listed(value) for kind, value in new.items()}}
    has = {kind: list(dict.fromkeys(values)) for kind, values in tagging.read(copy).items()}
    for kind, values in wanted.items():
        if further := [value for value in has.get(kind, []) if value not in values]:
            raise PieceError(
                f"not tagged: another tag in it says the {kind} is {further[0]}: remove that first"
            )
    if has != {kind: list(dict.fromkeys(values)) for kind, values in wanted.items()}:
        raise PieceError("not tagged: the tags would not read as they should")
    others = tagging.others(path, list(new))
    # A file without any tags has none that could be lost.
    if others is not None and tagging.others(copy, list(new)) != others:
        raise PieceError("not tagged: its other tags would not survive")
    if audio_digest(path, form) != audio_digest(copy, form):
        raise PieceError("not tagged: its sound would not survive")


def _checked_delta(path: Path, copy: Path) -> list[Any]:
    """How to make the file from the copy. Raises PieceError where that would not give its bytes."""
    with mapped(path) as old, mapped(copy) as new:
        steps = delta(old, new)
        place = 0
        for part in applied(steps, new):
            if old[place : place + len(part)] != part:
                raise PieceError("not tagged: it could not be restored")
            place += len(part)
        if place != len(old):
            raise PieceError("not tagged: it could not be restored")
    return steps


@contextmanager
def _copy_in_same_folder(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """A hidden copy in the same folder, removed at the end, and the status of the file when it was made."""
    status = path.stat()
    if not status.st_mode & 0o200 or not os.access(path, os.W_OK):
        raise PieceError("is write-protected: chmod u+w, then run again")
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".earmark-", suffix=path.suffix)
    os.close(handle)
    copy = Path(name)
    try:
        shutil.copy2(path, copy)
        if (status.st_uid, status.st_gid) != (copy.stat().st_uid, copy.stat().st_gid):
            with suppress(PermissionError):  # only root may give files away
                os.chown(copy, status.st_uid, status.st_gid)
                copy.chmod(status.st_mode & 0o7777)  # chown takes setuid bits away
        yield copy, status
    finally:
        copy.unlink(missing_ok=True)


def _replace(copy: Path, path: Path, before_status: os.stat_result) -> None:
    """Put the copy in the place of the file. Raises PieceError where the file has changed meanwhile."""
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    now = path.stat()
    if (now.st_size, now.st_mtime_ns, now.st_ino) != (
        before_status.st_size,
        before_status.st_mtime_ns,
        before_status.st_ino,
    ):
        raise PieceError("has changed while it was being tagged: run again")
    os.replace(copy, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _errors_of_one_file() -> Iterator[None]:
    """Turn errors of mutagen and of the disk into PieceErrors."""
    try:
        yield
    except EarmarkError:
        raise
    except Exception as error:  # a damaged file makes mutagen fail in many ways, and is one file's error
        raise PieceError(f"its tags cannot be read or written: {describe(error)}") from error
