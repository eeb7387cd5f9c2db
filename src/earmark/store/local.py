"""The store: a folder of entries, and behind it, where one is set, a store that machines share.

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
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.foundation.errors import EarmarkError
from earmark.store.digest import digest_file, digest_settings
from earmark.store.entry import (
    OF_THE_MACHINE,
    locked,
    publish,
    read_note,
    sound_note,
    temporary_of,
    unusable,
    write_note,
)
from earmark.store.remote import Remote

FULL_BELOW = 1 << 16  # bytes; a disk with less left is full
USERS = ".users"  # locked by runs, shared, and by `earmark cache gc`, alone
VARIABLE = "EARMARK_STORE"


class _Failed(Exception):
    """Holds what a `make` raised, so that it is told from what the store itself meets."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True)
class Store:
    """The cache below `root`; entries lie in `root/<kind>/<first two digits>/<key><suffix>`."""

    root: Path
    remote: Remote | None = None

    @classmethod
    def of(cls, path: str, url: str, project: Path) -> Store:
        """The store of a config's `store.path` and `store.url`; EARMARK_STORE comes before the path."""
        root = (project / (os.environ.get(VARIABLE) or path)).resolve()
        return cls(root, Remote(url) if url else None)

    def on_this_machine(self) -> Store:
        """This store, or where a remote joins machines the one that EARMARK_STORE names on a worker's."""
        place = os.environ.get(VARIABLE)
        return Store(Path(place).resolve(), self.remote) if place and self.remote else self

    def key(self, **parts: Any) -> str:
        """The key of an entry made from `parts` (inputs' digests, settings, code version)."""
        return digest_settings(parts)

    def path(self, kind: str, key: str, suffix: str) -> Path:
        return Path(self.root, kind, key[:2], f"{key}{suffix}")

    def fetch(self, kind: str, key: str, suffix: str, make: Callable[[Path], None]) -> Path:
        """The entry's file, from the remote or made by `make(temporary_path)` where it is missing or damaged.

        `make` writes the whole file; what it raises reaches the caller and leaves no entry. Raises
        EarmarkError where the store or the machine, and not what `make` was given, is at fault.
        """
        entry = self.path(kind, key, suffix)
        if self._is_settled(sound_note(entry)):
            return entry
        try:
            entry.parent.mkdir(parents=True, exist_ok=True)
            with locked(entry):
                self._settle(entry, make)
        except _Failed as failed:
            raise failed.error from failed.error.__cause__
        except OSError as error:
            raise unusable(error, self.root) from error
        return entry

    def pull(self, kind: str, key: str, suffix: str) -> bool:
        """Bring an entry from the remote where it is not here; whether it is here now."""
        entry = self.path(kind, key, suffix)
        if sound_note(entry):
            return True
        try:
            entry.parent.mkdir(parents=True, exist_ok=True)
            with locked(entry):
                return bool(sound_note(entry) or self._pull(entry))
        except OSError as error:
            raise unusable(error, self.root) from error

    def find(self, kind: str, key: str, suffix: str) -> Path | None:
        """The entry's file if `fetch` would have nothing to do: it is there, sound, and shared."""
        entry = self.path(kind, key, suffix)
        return entry if self._is_settled(sound_note(entry)) else None

    def digest(self, entry: Path) -> str:
        """The SHA-256 that was noted when `entry` (a path that `fetch` returned) was made."""
        return str(read_note(entry)["sha256"])

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """While this is held `earmark cache gc` removes no entry: one was made but is not yet linked."""
        with ExitStack() as held:
            with suppress(OSError):  # a store that may only be read, a disk without locks: nobody collects
                held.enter_context(self._users(shared=True))
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody uses the store meanwhile. Raises EarmarkError where somebody does."""
        with ExitStack() as held:
            try:
                held.enter_context(self._users(shared=False))
            except BlockingIOError as error:
                raise EarmarkError(f"a run is using {self.root}: collect when it has ended") from error
            yield

    @contextmanager
    def _users(self, shared: bool) -> Iterator[None]:
        import fcntl

        self.root.mkdir(parents=True, exist_ok=True)
        file = os.open(self.root / USERS, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(file)

    def _is_settled(self, note: dict[str, Any] | None) -> bool:
        return note is not None and (self.remote is None or note.get("remote") == self.remote.url)

    def _settle(self, entry: Path, make: Callable[[Path], None]) -> None:
        """Under the lock: the entry here, and at the remote."""
        note = sound_note(entry)
        known = note is not None  # made before, perhaps shared by another machine meanwhile
        note = note or self._pull(entry) or self._make(entry, make)
        if self.remote and not self._is_settled(note):
            name = self._name(entry)
            if not (known and self.remote.digest(name) == note["sha256"]):
                self.remote.push(name, entry, note["sha256"])
            write_note(entry, note["sha256"], entry.stat(), self.remote.url)

    def _name(self, entry: Path) -> str:
        return entry.relative_to(self.root).as_posix()

    def _pull(self, entry: Path) -> dict[str, Any] | None:
        sha256 = self.remote.digest(self._name(entry)) if self.remote else None
        if sha256 is None:
            return None
        with temporary_of(entry) as temporary:
            if not self.remote.download(sha256, temporary):
                return None
            return publish(temporary, entry, sha256, self.remote.url)

    def _make(self, entry: Path, make: Callable[[Path], None]) -> dict[str, Any]:
        with temporary_of(entry) as temporary:
            try:
                make(temporary)
            except EarmarkError:
                raise
            except Exception as error:
                # Libraries hide the disk's own word: libsndfile says "System error", NumPy how much it wrote.
                # What was written so far still lies there, so that a full disk is still full.
                if getattr(error, "errno", None) is None and shutil.disk_usage(self.root).free < FULL_BELOW:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
                if getattr(error, "errno", None) in OF_THE_MACHINE:
                    raise
                raise _Failed(error) from error
            return publish(temporary, entry, digest_file(temporary))
