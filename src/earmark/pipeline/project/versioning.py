"""Git and DVC in the folder of a project."""

from __future__ import annotations

import logging
import os
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from earmark.foundation.errors import EarmarkError

GIT_TIMEOUT_S = 60


def add_versioning(folder: Path, git: bool) -> tuple[list[str], list[str]]:
    """Make a folder a repository of git, where it is in none, and of DVC.

    Args:
        folder: The folder.
        git: Whether it may become a git repository.

    Returns:
        What was made, and what the user should know.

    Raises:
        EarmarkError: DVC refuses the folder.
    """
    made: list[str] = []
    remarks: list[str] = []
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is not None and _git(folder, "check-ignore", "--quiet", ".") is not None:
        top = None  # the repository around it leaves it out
    if top is None and git:
        if _git(folder, "init", "--quiet") is None:
            remarks.append("git did not make a repository here (is it installed?): DVC works without history")
        else:
            made.append(".git/")
            top = str(folder)
    if not (folder / ".dvc").is_dir():
        try:
            _add_dvc(folder, top)
            made.append(".dvc/")
        except ModuleNotFoundError:
            remarks.append("DVC is missing: pip install 'earmark[pipeline]', then `earmark init` here again")
    return made, remarks


def _add_dvc(folder: Path, top: str | None) -> None:
    """Make a folder a DVC repository.

    Args:
        folder: The folder.
        top: The top of the git repository that it is in; None for none.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    below = top is not None and Path(top).resolve() != folder.resolve()
    try:
        logging.getLogger("dvc").setLevel(logging.WARNING)  # it congratulates
        repo = Repo.init(str(folder), no_scm=top is None, subdir=below)
        with closing(repo), repo.config.edit() as settings:
            chosen: Any = settings
            chosen["core"] |= {"analytics": False, "check_update": False}
            chosen["cache"]["type"] = "hardlink,copy"
        if top is not None:
            _git(folder, "add", ".dvc/config")  # DVC has put it there as it was before these settings
    except DvcException as error:
        raise EarmarkError(f"dvc init: {' '.join(str(error).split())}") from error


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints; None where it fails or is not installed."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, timeout=GIT_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return os.fsdecode(done.stdout).strip("\n")
