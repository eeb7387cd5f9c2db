"""What models made of files, kept so that no file is heard twice.

An entry holds what a bundle gives for a file's clips. Its name is a digest of the file's bytes, of the bundle
and of the code and libraries that hear, so that any other file, bundle or version has another entry. Entries
are written whole, carry a digest of their own, and are dropped where that does not fit; what cannot be
written is not kept. A verdict is the same with them and without.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

import earmark
from earmark.store.digest import digest_file

VARIABLE = "EARMARK_KEPT"  # the folder; empty for none
MOST_BYTES = 256 << 20  # of all entries: those longest not asked for go
FREE_SHARE = 0.1  # of that, which is made free at a time
SUFFIX = ".kept"
HEARING = ("numpy", "onnxruntime", "soundfile", "soxr", "pyfluidsynth")  # libraries that decide what is heard
_DIGEST_BYTES = 32


@dataclass(frozen=True)
class Embedded:
    """What a bundle's model gives for a file.

    Attributes:
        embeddings: Of its clips (clips, dimensions), or their scores (clips, labels).
        starts_s: Where the clips begin (clips,), seconds.
        unlike: How the file differs from what the model learned from, in words; else "".
        unheard: What of the file is not heard, in words; else "".
    """

    embeddings: np.ndarray
    starts_s: np.ndarray
    unlike: str = ""
    unheard: str = ""


class Kept:
    """A folder of entries, shared by all processes of a user.

    Attributes:
        root: The folder.
        most_bytes: Of all entries.
    """

    def __init__(self, root: Path, most_bytes: int = MOST_BYTES) -> None:
        self.root, self.most_bytes = root, most_bytes

    @classmethod
    def of_user(cls) -> Kept | None:
        """That of EARMARK_KEPT, by default in the user's folder for caches; None where that is empty."""
        place = os.environ.get(VARIABLE)
        if place is not None:
            return cls(Path(place).expanduser()) if place else None
        try:
            home = Path.home()
        except RuntimeError:  # a user without a home
            return None
        if sys.platform == "darwin":
            return cls(home / "Library" / "Caches" / "earmark" / "kept")
        return cls(Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "earmark" / "kept")

    def key(self, file: Path, bundle: str) -> str:
        """The name of the entry of a file and a bundle; "" where the file cannot be read.

        Args:
            file: The file.
            bundle: The bundle's digest.
        """
        try:
            content = digest_file(file) if file.is_file() else ""
        except OSError:
            content = ""
        return hashlib.sha256(f"{content} {bundle} {_hearing()}".encode()).hexdigest() if content else ""

    def find(self, key: str) -> Embedded | None:
        """The entry of that name, if it is there and whole."""
        from safetensors.numpy import load

        entry = self._entry(key)
        try:
            data = entry.read_bytes()
        except OSError:
            return None
        content = data[_DIGEST_BYTES:]
        try:
            if hashlib.sha256(content).digest() != data[:_DIGEST_BYTES]:
                raise ValueError("damaged")
            arrays = load(content)
            unlike, unheard = (arrays[name].tobytes().decode() for name in ("unlike", "unheard"))
            found = Embedded(arrays["embeddings"], arrays["starts_s"], unlike, unheard)
        except Exception:  # whatever is wrong with an entry, the file is heard again
            with suppress(OSError):
                entry.unlink()
            return None
        with suppress(OSError):
            os.utime(entry)  # asked for now
        return found

    def add(self, key: str, embedded: Embedded) -> None:
        """Keep what was made of a file; nothing where the disk is full or may not be written to."""
        from safetensors.numpy import save

        texts = {name: getattr(embedded, name).encode() for name in ("unlike", "unheard")}
        content = save(
            {
                "embeddings": np.ascontiguousarray(embedded.embeddings),
                "starts_s": np.ascontiguousarray(embedded.starts_s),
                **{name: np.frombuffer(text, np.uint8) for name, text in texts.items()},
            }
        )
        entry = self._entry(key)
        temporary = entry.with_name(f".{entry.name}.{secrets.token_hex(4)}.tmp")
        try:
            entry.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(hashlib.sha256(content).digest() + content)
            os.replace(temporary, entry)
        except OSError:
            with suppress(OSError):
                temporary.unlink()

    def entries(self) -> list[tuple[Path, int, float]]:
        """Every file below the root: its path, bytes, and time when it was last asked for."""
        found = []
        for path in self.root.glob("??/*"):
            with suppress(OSError):  # another process has removed it
                status = path.stat()
                found.append((path, status.st_size, status.st_mtime))
        return found

    def trim(self, before: float | None = None) -> tuple[int, int]:
        """Remove what is too much: entries longest not asked for, down to nine tenths of `most_bytes`.

        Args:
            before: Remove entries not asked for since then, too (seconds since 1970).

        Returns:
            Files and bytes that were removed.
        """
        entries = sorted(self.entries(), key=lambda entry: entry[2])
        held, files, freed = sum(size for _, size, _ in entries), 0, 0
        goal = self.most_bytes if held <= self.most_bytes else (1 - FREE_SHARE) * self.most_bytes
        for path, size, asked in entries:
            if held - freed <= goal and (before is None or asked >= before):
                break
            with suppress(OSError):
                path.unlink()
                files, freed = files + 1, freed + size
        return files, freed

    def _entry(self, key: str) -> Path:
        return self.root / key[:2] / f"{key[2:]}{SUFFIX}"


@cache
def _hearing() -> str:
    """What hears: this package's files as they lie there, and the versions of libraries."""
    digest = hashlib.sha256(earmark.__version__.encode())
    for file in sorted(Path(earmark.__file__).parent.rglob("*.py")):
        status = file.stat()
        digest.update(f"{file.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    for name in HEARING:
        with suppress(PackageNotFoundError):
            digest.update(f"{name} {version(name)}\n".encode())
    return digest.hexdigest()
