"""The store: a folder of entries, and behind it, where one is set, a store that machines share.

An entry's key is a digest of what it is made from: the input's bytes, the settings, the version of the code.
The first process that asks computes it, under a file lock, so that parallel jobs of a sweep compute an entry
once; the others get the finished file. An entry is written to a temporary file and renamed, so that a kill
at any moment leaves either nothing or the whole. Beside each entry lies its digest: a file whose size or
time of change is not what its note says is hashed when it is asked for, and computed anew if it differs.

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

from earmark.foundation.errors import EarmarkError
from earmark.store.digest import digest_file, digest_settings
from earmark.store.entry import (
    MACHINE_ERRORS,
    Note,
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
USERS = ".users"  # runs hold a shared lock on it, `earmark cache gc` an exclusive one
VARIABLE = "EARMARK_STORE"  # environment variable: the store of this machine


class _Failed(Exception):
    """Carries what a `make` raised, which the store's own errors are not to be confused with."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


@dataclass(frozen=True)
class Store:
    """A cache of files; entries lie in `root/<kind>/<first two digits>/<key><suffix>`.

    Attributes:
        root: Its folder.
        remote: The store that machines share, behind this one.
    """

    root: Path
    remote: Remote | None = None

    @classmethod
    def of(cls, path: str, url: str, project: Path) -> Store:
        """The store that a config names.

        Args:
            path: `store.path`; the environment variable EARMARK_STORE comes before it.
            url: `store.url`; "" for none.
            project: The checkout, which a relative path is in.
        """
        root = (project / Path(os.environ.get(VARIABLE) or path).expanduser()).resolve()
        return cls(root, Remote(url) if url else None)

    def on_this_machine(self) -> Store:
        """This store; on a worker of another machine, with a remote, the one that EARMARK_STORE names."""
        place = os.environ.get(VARIABLE)
        return Store(Path(place).expanduser().resolve(), self.remote) if place and self.remote else self

    def key(self, **parts: object) -> str:
        """The key of an entry that is made from `parts`: digests of inputs, settings, code version."""
        return digest_settings(parts)

    def path(self, kind: str, key: str, suffix: str) -> Path:
        """Where an entry lies, or would lie."""
        return Path(self.root, kind, key[:2], f"{key}{suffix}")

    def fetch(self, kind: str, key: str, suffix: str, make: Callable[[Path], None]) -> Path:
        """The entry's file; where it is missing or damaged it is downloaded from the remote, or made.

        Args:
            kind: What it is, for example `audio`.
            key: See `key`.
            suffix: Of its file, with the dot.
            make: Writes the whole file to the path that it is given. What it raises reaches the caller and
                leaves no entry.

        Raises:
            EarmarkError: The store or the machine, and not what `make` was given, is at fault.
        """
        entry = self.path(kind, key, suffix)
        if self._is_complete(sound_note(entry)):
            return entry
        try:
            entry.parent.mkdir(parents=True, exist_ok=True)
            with locked(entry):
                self._complete(entry, make)
        except _Failed as failed:
            raise failed.error from failed.error.__cause__
        except OSError as error:
            raise unusable(error, self.root) from error
        return entry

    def pull(self, kind: str, key: str, suffix: str) -> bool:
        """Download an entry from the remote where it is not here.

        Returns:
            Whether it is here now.

        Raises:
            EarmarkError: The store cannot be used.
        """
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
        """The entry's file if `fetch` would have nothing to do: it exists, is sound, and is shared."""
        entry = self.path(kind, key, suffix)
        return entry if self._is_complete(sound_note(entry)) else None

    def digest(self, entry: Path) -> str:
        """The SHA-256 that was noted when `entry` (a path that `fetch` returned) was made."""
        return str(read_note(entry)["sha256"])

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep `earmark cache gc` from removing entries, which may be made but not linked yet."""
        with ExitStack() as stack:
            with suppress(OSError):  # a store that may only be read, a disk without locks: nobody collects
                stack.enter_context(self._users(shared=True))
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep all others from using the store.

        Raises:
            EarmarkError: Somebody is using it.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(self._users(shared=False))
            except BlockingIOError as error:
                raise EarmarkError(f"a run is using {self.root}: collect when it has ended") from error
            yield

    @contextmanager
    def _users(self, shared: bool) -> Iterator[None]:
        """Hold the lock of the store's users, which ends with the process that holds it."""
        import fcntl

        self.root.mkdir(parents=True, exist_ok=True)
        file = os.open(self.root / USERS, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        finally:
            os.close(file)

    def _is_complete(self, note: Note | None) -> bool:
        """Whether an entry with this note is here and, where there is a remote, there."""
        return note is not None and (self.remote is None or note.get("remote") == self.remote.url)

    def _complete(self, entry: Path, make: Callable[[Path], None]) -> None:
        """Under the lock: have the entry here, and at the remote."""
        note = sound_note(entry)
        was_here = note is not None  # perhaps shared by another machine meanwhile
        note = note or self._pull(entry) or self._make(entry, make)
        if self.remote and not self._is_complete(note):
            name = self._name(entry)
            if not (was_here and self.remote.digest(name) == note["sha256"]):
                self.remote.push(name, entry, note["sha256"])
            write_note(entry, note["sha256"], entry.stat(), self.remote.url)

    def _name(self, entry: Path) -> str:
        """How the remote calls an entry."""
        return entry.relative_to(self.root).as_posix()

    def _pull(self, entry: Path) -> Note | None:
        """Under the lock: the entry from the remote; None where there is none, or what it has is damaged."""
        if self.remote is None or (sha256 := self.remote.digest(self._name(entry))) is None:
            return None
        with temporary_of(entry) as temporary:
            if not self.remote.download(sha256, temporary):
                return None
            return publish(temporary, entry, sha256, self.remote.url)

    def _make(self, entry: Path, make: Callable[[Path], None]) -> Note:
        """Under the lock: compute the entry.

        Raises:
            EarmarkError: `make` raised it.
            OSError: The disk is full, or the machine lacks something.
            _Failed: `make` raised anything else.
        """
        with temporary_of(entry) as temporary:
            try:
                make(temporary)
            except EarmarkError:
                raise
            except Exception as error:
                number = error.errno if isinstance(error, OSError) else None
                # Libraries replace the system's error: libsndfile by "System error", NumPy by how much it
                # wrote. What was written so far is not removed yet, so that a full disk is still full.
                if number is None and shutil.disk_usage(self.root).free < FULL_BELOW:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
                if number in MACHINE_ERRORS:
                    raise
                raise _Failed(error) from error
            return publish(temporary, entry, digest_file(temporary))
