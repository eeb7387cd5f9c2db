"""The command line of a stage script, as Hydra gets it, and the folder below runs/ that it writes to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.pipeline.settings.config import (
    refuse_without_key,
    standing_overrides,
    workspace_overrides,
)

FROZEN = "frozen"
"""The config that dvc.yaml names: params.yaml, as the stage compose wrote it."""
MULTIRUN = {"-m", "--multirun"}
RUNNING_NOTHING = {"--help", "-h", "--hydra-help", "--version", "--cfg", "-c", "--info", "-i", "-sc"}


def hydra_arguments(stage: str, arguments: Sequence[str], workspace: Workspace) -> list[str]:
    """The command line with those overrides of overrides.yaml that it does not replace.

    Args:
        stage: The stage that the script is named after.
        arguments: The command line without the script's name.
        workspace: The checkout; sweeps to resume are looked for below runs/ of the current folder.

    Returns:
        Options, then overrides: Hydra takes these in one run after the options, and later ones win.

    Raises:
        EarmarkError: overrides.yaml is not usable, or there is no sweep to resume.
    """
    if FROZEN in arguments:
        return list(arguments)
    for item in arguments:
        if dashed := re.match(r"-+(\w+[./].*=.*|\w+=\d.*)$", item):
            raise EarmarkError(f"{item}: settings have no dashes before them: {dashed[1]}")
    # Hydra names a job after the module that calls it, which is `launch`.
    added = [
        f"hydra.job.name={stage}",
        *standing_overrides(workspace_overrides(workspace.overrides), arguments),
    ]
    refuse_without_key([*added, *arguments])
    if stage == "compose" and not arguments:  # as dvc.yaml has it: no run, hence no folder
        added += ["hydra.run.dir=.", "hydra.output_subdir=null", "hydra/job_logging=stdout"]
    overrides = [item for item in arguments if not item.startswith("-") and re.match(r"[+~]|[^=]+=", item)]
    options = [item for item in arguments if item not in overrides]
    if any(re.fullmatch(r"sweep\.resume=(true|yes|on|1)", item, re.IGNORECASE) for item in overrides):
        if not MULTIRUN & set(options):
            raise EarmarkError("sweep.resume=true is for sweeps: add -m, and the overrides of the sweep")
        if not any(item.startswith("hydra.sweep.dir=") for item in overrides):
            from earmark.experiments.sweep.resume import find_sweep

            sweep = find_sweep(Path("runs"), stage, [*added, *overrides])
            added.append(f"hydra.sweep.dir='{sweep.folder.as_posix()}'")
    return [*options, *added, *overrides]


def added_overrides(overrides: Sequence[str], workspace: Workspace) -> list[str]:
    """Overrides that are not those of overrides.yaml."""
    standing = workspace_overrides(workspace.overrides)
    return [item for item in overrides if item not in standing]


def folder_key(arguments: Sequence[str]) -> str:
    """The setting of Hydra that says where a run, or a sweep, writes to."""
    return "hydra.sweep.dir" if MULTIRUN & set(arguments) else "hydra.run.dir"


def make_run_folder(stage: str, arguments: Sequence[str], start: datetime) -> Path | None:
    """Make the folder below runs/ for what this command runs, as conf/config.yaml names it.

    Args:
        stage: The stage that the script is named after.
        arguments: The command line.
        start: When the command began; where two begin in one second the second's folder ends in -2.

    Returns:
        The folder; None where nothing runs, or where another folder is asked for.
    """
    key = folder_key(arguments)
    if FROZEN in arguments or RUNNING_NOTHING & set(arguments):
        return None
    if any(item.startswith(f"{key}=") for item in arguments):
        return None
    name = stage if key == "hydra.run.dir" else "sweep"
    day, time = start.strftime("%Y-%m-%d %H-%M-%S").split()
    Path("runs", day).mkdir(parents=True, exist_ok=True)
    for number in count(1):
        folder = Path("runs", day, f"{time}-{name}" + (f"-{number}" if number > 1 else ""))
        with suppress(FileExistsError):
            folder.mkdir()
            return folder
