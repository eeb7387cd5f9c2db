"""The stages in order, for shell runs and sweeps; `dvc repro` calls the same functions one by one."""

from __future__ import annotations

import importlib
from typing import Any

from earmark.foundation.workspace import Workspace
from earmark.learning.devices import node_rank

STAGES = ("compose", "ingest", "render", "validate", "features", "split", "train", "evaluate")
JUDGED = ("train", "evaluate")  # stages whose runs from the shell end with a judgement, and are in MLflow
OPTIONAL = {"describe": "validate"}  # stages that no other needs, and the last one that they need


def run_stage(stage: str, cfg: Any, workspace: Workspace) -> None:
    """One stage; the others' outputs must be there."""
    importlib.import_module(f"earmark.pipeline.{stage}").run(cfg, workspace)


def run(cfg: Any, workspace: Workspace, last: str = STAGES[-1]) -> None:
    """All stages that `last` needs, and it; what the store holds is linked, not computed."""
    from earmark.pipeline import compose
    from earmark.pipeline.settings.checks import check

    check(cfg, learns=last in JUDGED)
    compose.write(cfg, workspace)
    needed = STAGES[1 : STAGES.index(OPTIONAL.get(last, last)) + 1]
    for stage in (*needed, *(name for name in OPTIONAL if name == last)):
        run_stage(stage, cfg, workspace)
        if stage == "train" and node_rank(cfg.trainer):
            return  # the first machine has the model
