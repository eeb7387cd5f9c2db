"""One entry of the store: a file, and beside it a note of its digest.

`<key><suffix>` is the file, `<key><suffix>.json` its note, `<key><suffix>.lock` the lock of the process that
makes it, `.<key><suffix>.<random>.tmp<suffix>` what is being written. The note is renamed to its place first,
the file last: the rename that makes an entry is one step, and a kill before it leaves no entry.

An entry is sound where its size and time of change are those that the note remembers; the bytes are hashed
only where the time differs. `earmark cache verify` alone detects a change that kept both.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NotRequired, TypedDict

from earmark.foundation.errors import EarmarkError, describe
from earmark.store.digest import digest_file

READ_ONLY = 0o444
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
MACHINE_ERRORS = NO_SPACE | {errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EROFS, errno.ESTALE}
"""Errors that are not about a piece: no space, memory or handles, a disk that is read-only or gone."""


class Note(TypedDict):
    """What is noted of an entry.

    Attributes:
        sha256: Digest of its bytes, hexadecimal.
        size: Bytes.
        mtime_ns: Its time of change.
        remote: The url of the shared store that has it, too.
    """

    sha256: str
    size: int
    mtime_ns: int
    remote: NotRequired[str]


def note_path(entry: Path) -> Path:
    """Where the note of an entry lies."""
    return Path(f"{entry}.json")


def lock_path(entry: Path) -> Path:
    """Where the lock file of an entry lies while it is held."""
    return Path(f"{entry}.lock")


@contextmanager
def locked(entry: Path) -> Iterator[None]:
    """Hold the entry's lock, waiting for it; no lock file stays."""
    from filelock import FileLock  # not for those who only identify: it comes with what learns

    lock = lock_path(entry)
    with FileLock(lock):
        try:
            yield
        finally:
            # A process that waits for this inode sees that it has no name any more, and begins anew.
            lock.unlink(missing_ok=True)


@contextmanager
def temporary_of(path: Path) -> Iterator[Path]:
    """Yield a name beside `path` to write to, from which `path` can be told; no file stays there."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp{path.suffix}")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def read_note(entry: Path) -> Note:
    """The note of an entry.

    Raises:
        OSError: There is none.
        ValueError: It is not JSON.
    """
    with open(f"{entry}.json", "rb") as file:
        return json.loads(file.read())


def write_note(entry: Path, sha256: str, status: os.stat_result, remote: str = "") -> Note:
    """Note digest, size and time of change of an entry.

    Args:
        entry: Its file.
        sha256: Digest of its bytes.
        status: Of the file.
        remote: The url of the shared store that has the entry, too.

    Returns:
        The note.
    """
    note = Note(sha256=sha256, size=status.st_size, mtime_ns=status.st_mtime_ns)
    if remote:
        note["remote"] = remote
    with temporary_of(note_path(entry)) as temporary:
        temporary.write_text(json.dumps(note), encoding="utf-8")
        os.replace(temporary, note_path(entry))
    return note


def publish(temporary: Path, entry: Path, sha256: str, remote: str = "") -> Note:
    """Make a file that is written the entry.

    Args:
        temporary: The file; it is moved.
        entry: Where to.
        sha256: Digest of its bytes.
        remote: The url of the shared store that has the entry, too.

    Returns:
        The note.
    """
    temporary.chmod(READ_ONLY)
    note = write_note(entry, sha256, temporary.stat(), remote)
    os.replace(temporary, entry)
    return note


def sound_note(entry: Path) -> Note | None:
    """The entry's note where the entry is what was written, else None."""
    try:
        status, note = os.stat(entry), read_note(entry)
        if status.st_size != note["size"]:
            return None
        if status.st_mtime_ns == note["mtime_ns"]:
            return note
        if digest_file(entry) != note["sha256"]:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with suppress(OSError):  # a store that may only be read is sound all the same
        write_note(entry, note["sha256"], status, str(note.get("remote", "")))
    return note


def explained(error: OSError, where: Path) -> Exception:
    """A full disk as an EarmarkError in one line; any other error as it is."""
    if error.errno in NO_SPACE:
        return EarmarkError(f"no space left on the disk of {where}: free some, then run again")
    return error


def unusable(error: OSError, root: Path) -> EarmarkError:
    """What keeps the store at `root` from working, in one line: an EarmarkError, as no piece is at fault."""
    explanation = explained(error, root)
    if isinstance(explanation, EarmarkError):
        return explanation
    return EarmarkError(
        f"the store {root} cannot be used: {describe(error)}: mend it, or set store.path or EARMARK_STORE"
    )
