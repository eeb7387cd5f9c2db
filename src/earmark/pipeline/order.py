"""The stages in order, for shell runs and sweeps; `dvc repro` calls the same functions one by one."""

from __future__ import annotations

import importlib

from earmark.foundation.atomic import remove_abandoned
from earmark.foundation.workspace import Workspace
from earmark.learning.devices import node_rank
from earmark.pipeline.settings.schema import Config
from earmark.pipeline.stage_inputs import check_inputs

STAGES = ("compose", "ingest", "render", "validate", "features", "split", "train", "evaluate")
EVALUATED = ("train", "evaluate")  # stages whose runs from the shell end with an evaluation, kept in MLflow
OPTIONAL = {"describe": "validate"}  # stages that no other needs, and the last one that they need


def run_stage(stage: str, config: Config, workspace: Workspace) -> None:
    """One stage: what a killed one was writing is removed, the others' outputs must be there and whole."""
    written = (workspace.root, workspace.data, workspace.models, workspace.metrics)
    remove_abandoned((*written, workspace.plots / "training", workspace.plots / "evaluation"))
    check_inputs(stage, workspace)
    importlib.import_module(f"earmark.pipeline.{stage}").run(config, workspace)


def run(config: Config, workspace: Workspace, last: str = STAGES[-1]) -> None:
    """All stages that `last` needs, and it; what the store holds is linked, not computed."""
    from earmark.pipeline import compose
    from earmark.pipeline.settings.checks import check

    check(config, learns=last in EVALUATED)
    compose.write(config, workspace)
    needed = STAGES[1 : STAGES.index(OPTIONAL.get(last, last)) + 1]
    for stage in (*needed, *(name for name in OPTIONAL if name == last)):
        run_stage(stage, config, workspace)
        if stage == "train" and node_rank(config.trainer):
            return  # the first machine has the model
