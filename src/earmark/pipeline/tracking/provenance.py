"""Where a result came from: git commit, whether the tree was dirty, and a digest of the data."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

from earmark import __version__
from earmark.store.digest import digest_file


def git_state(project: Path) -> dict[str, str]:
    """`commit` and `dirty` (`true` or `false`) of the checkout; `none` outside of one."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", *arguments], cwd=project, capture_output=True, text=True, timeout=20, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip()

    commit = git("rev-parse", "HEAD")
    # DVC's own outputs change while a run goes on, and the choice of music is in the data hash.
    status = git(
        "status", "--porcelain", "--", ".", ":!dvc.lock", ":!params.yaml", ":!metrics", ":!data/source"
    )
    dirty = "unknown" if status is None else str(bool(status)).lower()
    return {"commit": commit or "none", "dirty": dirty}


def data_hash(*tables: Path) -> str:
    """One digest for the data of a run: the piece table names each file's own digest."""
    return "-".join(digest_file(table)[:16] for table in tables)


def machine() -> dict[str, str]:
    """What results may depend on in their last digits."""
    return {"earmark": __version__, "python": platform.python_version(), "machine": platform.machine()}
