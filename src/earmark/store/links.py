"""Fill a stage's folder from the store with hardlinks, which take no space."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from earmark.store.entry import READ_ONLY, explained


def link(entry: Path, target: Path) -> None:
    """Put an entry at `target` as a hardlink, or as a copy where file systems differ.

    Raises:
        EarmarkError: The disk is full.
        OSError: It cannot be written there for another reason.
    """
    try:
        if _is_linked(entry, target):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{target.name}.tmp")
        temporary.unlink(missing_ok=True)
        try:
            os.link(entry, temporary)
        except OSError as error:
            # EXDEV: another file system; EPERM: one without hardlinks; EMLINK: too many of them.
            if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP):
                raise
            shutil.copyfile(entry, temporary)
            status = os.stat(entry)
            os.utime(temporary, ns=(status.st_atime_ns, status.st_mtime_ns))
            temporary.chmod(READ_ONLY)
        os.replace(temporary, target)
    except OSError as error:
        raise explained(error, target.parent) from error


def _is_linked(entry: Path, target: Path) -> bool:
    """Whether `target` is the entry, or on another file system a copy of its size and time of change."""
    try:
        a, b = os.stat(entry), os.stat(target)
    except FileNotFoundError:
        return False
    if a.st_dev == b.st_dev:
        return a.st_ino == b.st_ino
    return (a.st_size, a.st_mtime_ns) == (b.st_size, b.st_mtime_ns)


def keep_only(folder: Path, names: set[str]) -> None:
    """Make `folder` and remove from it every file whose name is not in `names`."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in names:
            is_folder = path.is_dir() and not path.is_symlink()
            shutil.rmtree(path) if is_folder else path.unlink()
