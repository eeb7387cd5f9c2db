"""A store that machines share, behind the local one: on S3, or anything else that fsspec reaches.

`<url>/sha256/<first two digits>/<sha256>` is content, `<url>/<kind>/<first two digits>/<key><suffix>.json`
the note of an entry, which has the digest of its content. A note is written after its content, and content
never changes under its name: two machines that make an entry at once, equal or not, leave one note and the
bytes it names. What was downloaded is hashed; where that is not its name, it is made anew and shared again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earmark.foundation.errors import EarmarkError, describe
from earmark.store.digest import digest_file
from earmark.store.entry import NO_SPACE

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# Where an object is written whole or not at all; elsewhere a temporary file is written and renamed.
OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "memory"})
CONNECT_S, READ_S = 3, 30  # s3fs tries five times


@dataclass(frozen=True)
class Remote:
    """A shared store. In its methods `name` is an entry's path below a store's root.

    Attributes:
        url: For example `s3://bucket/prefix`.
    """

    url: str

    def check(self) -> None:
        """Check that the store could be reached.

        Raises:
            EarmarkError: The url is none, or the package that reaches it is not installed.
        """
        filesystem_of(self.url)

    def digest(self, name: str) -> str | None:
        """The SHA-256 of the entry's content; None where nobody has shared it.

        Raises:
            EarmarkError: The store cannot be reached.
        """
        files, base = filesystem_of(self.url)
        with self._one_line():
            try:
                return str(json.loads(files.cat_file(f"{base}/{name}.json"))["sha256"])
            except (FileNotFoundError, ValueError, KeyError, TypeError):
                return None

    def download(self, sha256: str, target: Path) -> bool:
        """Write the content of a digest to `target`.

        Returns:
            Whether that was possible: not where the store lacks the content, or it has another digest.

        Raises:
            EarmarkError: The store cannot be reached.
        """
        files, base = filesystem_of(self.url)
        with self._one_line():
            try:
                files.get_file(_content(base, sha256), str(target))
            except FileNotFoundError:
                return False
        return digest_file(target) == sha256

    def push(self, name: str, entry: Path, sha256: str) -> None:
        """Upload an entry: first its content, then the note.

        Args:
            name: Path of the entry below the store's root.
            entry: Its file.
            sha256: Digest of its bytes.

        Raises:
            EarmarkError: The store cannot be reached.
        """
        files, base = filesystem_of(self.url)
        note = json.dumps({"sha256": sha256, "size": entry.stat().st_size}).encode()
        with self._one_line():
            with _whole(files, _content(base, sha256)) as target:
                files.put_file(str(entry), target)
            with _whole(files, f"{base}/{name}.json") as target:
                files.pipe_file(target, note)

    @contextmanager
    def _one_line(self) -> Iterator[None]:
        """Raise whatever goes wrong as an EarmarkError, a full disk of this machine excepted."""
        try:
            yield
        except EarmarkError:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in NO_SPACE:
                raise
            raise EarmarkError(
                f"store.url={self.url}: {describe(error)}: is it there, and are you let in? "
                "store.url='' does without"
            ) from error


def _content(base: str, sha256: str) -> str:
    return f"{base}/sha256/{sha256[:2]}/{sha256}"


@cache
def filesystem_of(url: str) -> tuple[AbstractFileSystem, str]:
    """The fsspec file system of a url, and the path in it.

    Raises:
        EarmarkError: The url is none, or the package that reaches it is not installed.
    """
    from fsspec.core import url_to_fs

    protocol, mark, _ = url.partition("://")
    if not mark:
        raise EarmarkError(
            f"store.url={url}: give a url, for example s3://bucket/prefix or file:///mnt/store"
        )
    options: dict[str, Any] = {}
    if protocol in ("s3", "s3a"):
        settings = {
            "connect_timeout": CONNECT_S,
            "read_timeout": READ_S,
            "retries": {"max_attempts": 0},
        }
        options = {"config_kwargs": settings, "use_listings_cache": False}
    try:
        files, base = url_to_fs(url, **options)
    except ImportError as error:
        extra = "pip install 'earmark[s3]'" if protocol in ("s3", "s3a") else str(error)
        raise EarmarkError(f"store.url={url} needs a package that is not installed: {extra}") from error
    except ValueError as error:
        raise EarmarkError(f"store.url={url}: {error}") from error
    return files, base.rstrip("/")


@contextmanager
def _whole(files: AbstractFileSystem, path: str) -> Iterator[str]:
    """Yield where to write so that nobody ever sees half of `path`."""
    protocols = {files.protocol} if isinstance(files.protocol, str) else set(files.protocol)
    if protocols & OBJECT_STORES:
        yield path
        return
    folder, _, name = path.rpartition("/")
    files.makedirs(folder, exist_ok=True)
    temporary = f"{folder}/.{name}.{secrets.token_hex(4)}.tmp"
    try:
        yield temporary
        files.mv(temporary, path)
    except BaseException:
        with suppress(Exception):
            files.rm_file(temporary)
        raise
