"""Content-addressed cache of everything that is computed per piece.

An entry's key is a digest of what went in: the input's bytes, the settings, the version of the code.
Whoever asks first computes, under a file lock, so that parallel jobs of a sweep compute an entry once;
the others get the finished file. An entry is written to a temporary file and renamed, so that a kill
at any moment leaves either nothing or the whole. Beside each entry lies its digest: a file that was
tampered with or truncated is found when it is read, and computed anew.

Stages fill their outputs with hardlinks from here (`link`): no copies, no second disk. DVC's cache and
the outputs share these inodes, therefore entries are read-only.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from earmark.atomic import replacing, write_text
from earmark.errors import EarmarkError

READ_ONLY = 0o444
FULL_BELOW = 1 << 16  # bytes; a disk with less left is full


def digest_file(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_settings(settings: Mapping[str, Any]) -> str:
    """SHA-256 of settings as canonical JSON; the order of keys does not matter."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Store:
    """The cache below `root`; entries lie in `root/<kind>/<first two digits>/<key><suffix>`."""

    root: Path

    def key(self, **parts: Any) -> str:
        """The key of an entry made from `parts` (inputs' digests, settings, code version)."""
        return digest_settings(parts)

    def path(self, kind: str, key: str, suffix: str) -> Path:
        return self.root / kind / key[:2] / f"{key}{suffix}"

    def fetch(self, kind: str, key: str, suffix: str, make: Callable[[Path], None]) -> Path:
        """The entry's file, made by `make(temporary_path)` where it is missing or damaged.

        `make` writes the whole file; what it raises reaches the caller and leaves no entry.
        """
        try:
            return self._fetch(self.path(kind, key, suffix), make)
        except OSError as error:
            raise _explained(error, self.root) from error

    def _fetch(self, entry: Path, make: Callable[[Path], None]) -> Path:
        if self._is_sound(entry):
            return entry
        entry.parent.mkdir(parents=True, exist_ok=True)
        lock = Path(f"{entry}.lock")
        with FileLock(lock):
            if not self._is_sound(entry):
                with replacing(entry) as temporary:
                    self._make(make, temporary)
                    digest = digest_file(temporary)
                entry.chmod(READ_ONLY)
                self._note(entry, digest)
            # Whoever still waits on this inode finds a sound entry, so the lock file may go.
            lock.unlink(missing_ok=True)
        return entry

    def _make(self, make: Callable[[Path], None], temporary: Path) -> None:
        try:
            make(temporary)
        except EarmarkError:
            raise
        except Exception as error:
            # Libraries hide the disk's own word: libsndfile says "System error", NumPy how much it wrote.
            # What was written so far still lies there, so that a full disk is still full.
            if getattr(error, "errno", None) is None and shutil.disk_usage(self.root).free < FULL_BELOW:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
            raise

    def find(self, kind: str, key: str, suffix: str) -> Path | None:
        """The entry's file if it is there and sound."""
        entry = self.path(kind, key, suffix)
        return entry if self._is_sound(entry) else None

    def digest(self, entry: Path) -> str:
        """The SHA-256 that was noted when `entry` (a path that `fetch` returned) was made."""
        return str(self._noted(entry)["sha256"])

    def _noted(self, entry: Path) -> dict[str, Any]:
        return json.loads(_note_path(entry).read_text(encoding="utf-8"))

    def _note(self, entry: Path, digest: str) -> None:
        status = entry.stat()
        note = {"sha256": digest, "size": status.st_size, "mtime_ns": status.st_mtime_ns}
        write_text(_note_path(entry), json.dumps(note))

    def _is_sound(self, entry: Path) -> bool:
        """Whether the entry is what was written; its bytes are hashed only if size or time differ."""
        try:
            status, note = entry.stat(), self._noted(entry)
            if (status.st_size, status.st_mtime_ns) == (note["size"], note["mtime_ns"]):
                return True
            if status.st_size != note["size"] or digest_file(entry) != note["sha256"]:
                return False
        except (OSError, ValueError, KeyError, TypeError):
            return False
        self._note(entry, note["sha256"])
        return True


def _note_path(entry: Path) -> Path:
    return entry.with_name(f"{entry.name}.json")


def _explained(error: OSError, where: Path) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EarmarkError(f"no space left on the disk of {where}: free some, then run again")
    return error


def link(entry: Path, target: Path) -> None:
    """Put `entry` at `target` as a hardlink, or as a copy where file systems differ."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if target.exists() and os.path.samefile(entry, target):
            return
        temporary = target.with_name(f".{target.name}.tmp")
        temporary.unlink(missing_ok=True)
        try:
            os.link(entry, temporary)
        except OSError as error:
            # EXDEV: another file system; EPERM: one without hardlinks; EMLINK: too many of them.
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
                raise
            shutil.copyfile(entry, temporary)
            temporary.chmod(READ_ONLY)
        os.replace(temporary, target)
    except OSError as error:
        raise _explained(error, target.parent) from error


def keep_only(folder: Path, names: set[str]) -> None:
    """Make `folder` and remove from it every file whose name is not in `names`."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in names:
            is_folder = path.is_dir() and not path.is_symlink()
            shutil.rmtree(path) if is_folder else path.unlink()
