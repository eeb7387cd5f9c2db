"""Which entries something outside of the store refers to.

An entry is referred to by
- another name of its inode: outputs in data/ and below runs/ and DVC's cache are hardlinks. Removing such
  an entry frees no byte;
- dvc.lock, by its MD5: the outputs that it records, as DVC's cache lists them; for a store on another disk,
  where outputs are copies;
- a file below data/ or runs/ with the same bytes, for the same reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LOCKS = ("dvc.lock", "optional/dvc.lock")
OUTPUTS = ("data", "runs")


@dataclass(frozen=True)
class References:
    """What a checkout refers to: contents by MD5, and files that are copies, by their size."""

    recorded: frozenset[str] = frozenset()
    copies: dict[int, list[Path]] = field(default_factory=dict)
    hashed: dict[int, set[str]] = field(default_factory=dict)  # MD5 of the copies of a size, once asked for

    @classmethod
    def of(cls, project: Path) -> References:
        """Read dvc.lock and look through the outputs of the checkout at `project`."""
        copies: dict[int, list[Path]] = {}
        for path, status in files_below(project / name for name in OUTPUTS):
            if status.st_nlink == 1:
                copies.setdefault(status.st_size, []).append(path)
        return cls(frozenset(_recorded(project)), copies)

    def hold(self, entry: Path, size: int) -> bool:
        """Whether an entry that has no other name is referred to by its content; its bytes are read."""
        if not self.recorded and size not in self.copies:
            return False
        if size not in self.hashed:
            self.hashed[size] = {digest_md5(path) for path in self.copies.get(size, [])}
        md5 = digest_md5(entry)
        return md5 in self.recorded or md5 in self.hashed[size]


def names_of(inodes: set[tuple[int, int]], project: Path) -> Iterator[Path]:
    """Names that files (device, inode) have among the checkout's outputs and in DVC's cache."""
    places = [*(project / name for name in OUTPUTS), _cache(project)]
    for path, status in files_below(places):
        if (status.st_dev, status.st_ino) in inodes:
            yield path


def digest_md5(path: Path) -> str:
    """The MD5 by which DVC knows a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def files_below(folders: Iterable[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    """Every file below `folders`, links not followed."""
    for top in folders:
        for folder, _, names in os.walk(top):
            for name in names:
                path = Path(folder, name)
                with suppress(FileNotFoundError):  # a run may be tidying up
                    status = path.lstat()
                    if stat.S_ISREG(status.st_mode):
                        yield path, status


def _recorded(project: Path) -> Iterator[str]:
    """MD5 of every file that an output of dvc.lock is or, as far as DVC's cache knows, contains."""
    import yaml

    for name in LOCKS:
        if not (project / name).is_file():
            continue
        stages = (yaml.safe_load((project / name).read_text(encoding="utf-8")) or {}).get("stages", {})
        for stage in stages.values():
            for out in stage.get("outs", []):
                yield from _contents(project, str(out.get("md5", "")))


def _contents(project: Path, md5: str) -> Iterator[str]:
    if not md5.endswith(".dir"):
        yield md5
    elif (listing := _cache(project) / md5[:2] / md5[2:]).is_file():
        yield from (row["md5"] for row in json.loads(listing.read_text(encoding="utf-8")))


@cache
def _cache(project: Path) -> Path:
    """Where DVC keeps files by their MD5; its configuration may have moved that."""
    place = project / ".dvc" / "cache"
    if (project / ".dvc").is_dir():
        # A process of its own: imported, DVC sets up logging for ours.
        command = [sys.executable, "-m", "dvc", "cache", "dir"]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        place = Path(done.stdout.strip()) if done.returncode == 0 else place
    return place / "files" / "md5"
