"""What a run is called in MLflow, and the tags that say where it came from."""

from __future__ import annotations

import json
from collections.abc import Sequence

from earmark.foundation.workspace import Workspace
from earmark.pipeline.settings.config import workspace_overrides
from earmark.pipeline.tracking.provenance import git_state, machine

OVERRIDES_TAG = "earmark.overrides"  # a JSON list
OVERRIDES_FILE = "overrides.txt"  # in the folder of a shell run: its overrides, a line each


def run_name(workspace: Workspace) -> str:
    """The overrides that make the run what it is: MLflow's random names repeat under a seed."""
    if workspace.is_checkout:
        overrides = workspace_overrides(workspace.overrides)
    else:
        file = workspace.root / OVERRIDES_FILE
        overrides = file.read_text(encoding="utf-8").split("\n") if file.is_file() else []
    return ", ".join(item for item in overrides if item) or "default"


def tags(workspace: Workspace, stage: str, overrides: Sequence[str] | None = None) -> dict[str, str]:
    """Tags of a run: git commit and dirty flag, the stage and what started it, overrides, versions.

    overrides: all that composed the config, those of overrides.yaml if None.
    """
    if overrides is None:
        overrides = workspace_overrides(workspace.overrides)
    git = git_state(workspace.project)
    return {
        "mlflow.source.git.commit": git["commit"],
        "earmark.git_dirty": git["dirty"],
        "earmark.started_by": "dvc repro" if workspace.is_checkout else "shell",
        "earmark.stage": stage,
        OVERRIDES_TAG: json.dumps(list(overrides)),
        **{f"earmark.{key}": value for key, value in machine().items()},
    }
