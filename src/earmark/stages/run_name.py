"""What a run is called in MLflow, and the tags that say where it came from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from earmark.config import workspace_overrides
from earmark.provenance import git_state, machine
from earmark.workspace import Workspace

OVERRIDES_TAG = "earmark.overrides"  # a JSON list
HYDRA_FILE = Path(".hydra", "overrides.yaml")  # written by Hydra: all that composed the job
OVERRIDES_FILE = "overrides.txt"  # in the folder of a shell run: its overrides, a line each


def run_name(workspace: Workspace) -> str:
    """The overrides that make the run what it is: MLflow's random names repeat under a seed."""
    if workspace.is_checkout:
        overrides = workspace_overrides(workspace.overrides)
    else:
        file = workspace.root / OVERRIDES_FILE
        overrides = file.read_text(encoding="utf-8").split("\n") if file.is_file() else []
    return ", ".join(item for item in overrides if item) or "default"


def overrides_of(workspace: Workspace) -> Sequence[str] | None:
    """All overrides that composed the run, those of overrides.yaml and its own; None where unknown."""
    if workspace.is_checkout:
        return workspace_overrides(workspace.overrides)
    file = workspace.root / HYDRA_FILE
    if not file.is_file():
        return None
    from omegaconf import OmegaConf

    return list(OmegaConf.load(file))


def tags(workspace: Workspace, stage: str) -> dict[str, str]:
    """Tags of a run: git commit and dirty flag, the stage and what started it, versions."""
    git = git_state(workspace.project)
    overrides = overrides_of(workspace)
    return {
        "mlflow.source.git.commit": git["commit"],
        "earmark.git_dirty": git["dirty"],
        "earmark.started_by": "dvc repro" if workspace.is_checkout else "shell",
        "earmark.stage": stage,
        **({OVERRIDES_TAG: json.dumps(overrides)} if overrides is not None else {}),
        **{f"earmark.{key}": value for key, value in machine().items()},
    }
