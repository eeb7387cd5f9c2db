"""One entry of the store: a file, and beside it a note of its digest.

`<key><suffix>` is the file, `<key><suffix>.json` its note, `<key><suffix>.lock` the lock of whoever makes
it, `.<key><suffix>.<random>.tmp<suffix>` what is being written. The note is renamed to its place first,
the file last: the rename that makes an entry is one step, and a kill before it leaves no entry.

Soundness is judged by size and time of change, which the note remembers; the bytes are hashed only where
the time differs. Who changes an entry and restores both is found by `earmark cache verify` alone.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from earmark.foundation.errors import EarmarkError, describe
from earmark.store.digest import digest_file

READ_ONLY = 0o444
# What the machine lacks, whoever asks: no space, no memory, no handles, a disk that may only be read or went.
OF_THE_MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EROFS, errno.ESTALE}
)


def note_path(entry: Path) -> Path:
    return Path(f"{entry}.json")


def lock_path(entry: Path) -> Path:
    return Path(f"{entry}.lock")


@contextmanager
def locked(entry: Path) -> Iterator[None]:
    """Hold the entry's lock, waiting for it; no lock file stays."""
    lock = lock_path(entry)
    with FileLock(lock):
        try:
            yield
        finally:
            # Who waits for this inode sees that it has no name any more, and begins anew.
            lock.unlink(missing_ok=True)


@contextmanager
def temporary_of(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to, which tells whose it is; nothing stays there."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp{path.suffix}")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def read_note(entry: Path) -> dict[str, Any]:
    """What was noted of `entry`. Raises OSError or ValueError where there is no note."""
    with open(f"{entry}.json", "rb") as file:
        return json.loads(file.read())


def write_note(entry: Path, sha256: str, status: os.stat_result, remote: str = "") -> dict[str, Any]:
    """Note digest, size and time of change; `remote` is the url where the entry lies, too."""
    note = {"sha256": sha256, "size": status.st_size, "mtime_ns": status.st_mtime_ns}
    note |= {"remote": remote} if remote else {}
    with temporary_of(note_path(entry)) as temporary:
        temporary.write_text(json.dumps(note), encoding="utf-8")
        os.replace(temporary, note_path(entry))
    return note


def publish(temporary: Path, entry: Path, sha256: str, remote: str = "") -> dict[str, Any]:
    """Make the whole file `temporary` the entry; the note that was written."""
    temporary.chmod(READ_ONLY)
    note = write_note(entry, sha256, temporary.stat(), remote)
    os.replace(temporary, entry)
    return note


def sound_note(entry: Path) -> dict[str, Any] | None:
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
    """A full disk in one line; any other error as it is."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EarmarkError(f"no space left on the disk of {where}: free some, then run again")
    return error


def unusable(error: OSError, root: Path) -> EarmarkError:
    """What keeps the store at `root` from working, in one line: it is no fault of a piece."""
    found = explained(error, root)
    if isinstance(found, EarmarkError):
        return found
    return EarmarkError(
        f"the store {root} cannot be used: {describe(error)}: mend it, or set store.path or EARMARK_STORE"
    )
