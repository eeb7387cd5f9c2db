"""What a run is called in MLflow, and the tags that say where it came from."""

from __future__ import annotations

import json
from collections.abc import Sequence

from earmark.config import override_key, standing_overrides, workspace_overrides
from earmark.provenance import git_state, machine
from earmark.workspace import Workspace

OVERRIDES_FILE = "overrides.txt"  # in the folder of a shell run: its overrides, a line each


def run_name(workspace: Workspace) -> str:
    """The overrides that make the run what it is: MLflow's random names repeat under a seed."""
    ground = workspace_overrides(workspace.overrides) if workspace.is_checkout else []
    return ", ".join([*ground, *own_overrides(workspace)]) or "default"


def own_overrides(workspace: Workspace) -> list[str]:
    """The overrides of a shell run's own command line; those of overrides.yaml are its ground."""
    file = workspace.root / OVERRIDES_FILE
    if workspace.is_checkout or not file.is_file():
        return []
    return [item for item in file.read_text(encoding="utf-8").split("\n") if item]


def all_overrides(workspace: Workspace) -> list[str]:
    """All overrides that composed the config: in overrides.yaml they make `dvc repro` rebuild the run."""
    own = own_overrides(workspace)
    listed = [*standing_overrides(workspace_overrides(workspace.overrides), own), *own]
    return [item for item in listed if not override_key(item).startswith("sweep.")]


def tags(workspace: Workspace, stage: str, overrides: Sequence[str] | None = None) -> dict[str, str]:
    """Tags of a run: git commit and dirty flag, the stage and what started it, overrides, versions.

    overrides: those that composed the config, where these are not `all_overrides`.
    """
    git = git_state(workspace.project)
    return {
        "mlflow.source.git.commit": git["commit"],
        "earmark.git_dirty": git["dirty"],
        "earmark.started_by": "dvc repro" if workspace.is_checkout else "shell",
        "earmark.stage": stage,
        "earmark.overrides": json.dumps(
            list(overrides if overrides is not None else all_overrides(workspace))
        ),
        **{f"earmark.{key}": value for key, value in machine().items()},
    }
