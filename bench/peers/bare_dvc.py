"""DVC by itself: as many stages and files as the pipeline has, and commands that only copy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml

FOLDERS = ("raw", "audio", "features")  # a file a piece in each, as the pipeline's
FILES = ("pieces", "splits", "models", "verdicts")  # one file each


def bare_project(folder: Path, pieces: int) -> Path:
    """Make a project of eight stages, and run them once.

    Args:
        folder: Where to; made.
        pieces: Small files in the source and in each of FOLDERS.

    Returns:
        The folder.
    """
    source = folder / "source"
    source.mkdir(parents=True)
    for number in range(pieces):
        (source / f"{number:06d}").write_text(f"{number}\n")
    stages, before = {}, "source"
    for name in FOLDERS:
        stages[name] = {"cmd": f"cp -r {before} {name}", "deps": [before], "outs": [name]}
        before = name
    for name in ("facts", *FILES):
        stages[name] = {"cmd": f"ls {before} > {name}", "deps": [before], "outs": [name]}
        before = name
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    _dvc(folder, "init", "--no-scm", "--quiet")
    _dvc(folder, "config", "core.analytics", "false")
    _dvc(folder, "repro", "--quiet")
    return folder


def no_op(folder: Path) -> None:
    """Run `dvc repro` where nothing has changed. Raises SystemExit where it ran a stage."""
    if "up to date" not in (output := _dvc(folder, "repro")):
        raise SystemExit(f"dvc repro ran a stage although nothing had changed:\n{output}")


def _dvc(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr
