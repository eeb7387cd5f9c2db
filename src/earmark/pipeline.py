"""The stages in order, for shell runs and sweeps; `dvc repro` calls the same functions one by one."""

from __future__ import annotations

import importlib
from typing import Any

from earmark.checks import check
from earmark.workspace import Workspace

STAGES = ("compose", "ingest", "render", "validate", "features", "split", "train", "evaluate")


def run_stage(stage: str, cfg: Any, workspace: Workspace) -> None:
    """One stage; the others' outputs must be there."""
    importlib.import_module(f"earmark.stages.{stage}").run(cfg, workspace)


def run(cfg: Any, workspace: Workspace, last: str = STAGES[-1]) -> None:
    """All stages up to `last`; what the store holds is linked, not computed."""
    check(cfg)
    for stage in STAGES[: STAGES.index(last) + 1]:
        run_stage(stage, cfg, workspace)
