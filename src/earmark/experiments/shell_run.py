"""One run from the shell that trains and evaluates a model: alone, or a job of a sweep.

Its MLflow run is open from the first check to the evaluation, so that a failure on the way is logged, too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from earmark.experiments.sweep.folder import Sweep
from earmark.experiments.sweep.resume import config_digest, is_done, lasting
from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.progress import say
from earmark.foundation.workspace import Workspace
from earmark.learning.devices import node_rank
from earmark.pipeline import order as pipeline
from earmark.pipeline.settings.schema import Config
from earmark.pipeline.tracking.run_name import run_name, tags
from earmark.pipeline.tracking.run_record import FAILED, FINISHED, KILLED, RUNNING, RunRecord
from earmark.pipeline.tracking.stage_run import log_config
from earmark.pipeline.tracking.tracker import PARENT_TAG, Tracker


def run(
    config: Config, workspace: Workspace, stage: str, overrides: Sequence[str], sweep: Sweep | None = None
) -> float:
    """Run the pipeline up to the evaluation; in a resumed sweep not for a job that finished with this config.

    Args:
        config: Of the run.
        workspace: Whose root is the run's folder.
        stage: The script that was called.
        overrides: All that composed `config`.
        sweep: What the run is a job of.

    Returns:
        The validation score of its model, the higher the better; NaN where it is not known.
    """
    if node_rank(config.trainer):  # a further machine of one training: the first one logs and has the model
        pipeline.run(config, workspace)
        return float("nan")
    record = RunRecord.read(workspace.run_file)
    if record and sweep and is_done(record, config):
        say(f"{stage}: {sweep.job_name(record.overrides)} is finished, score {record.score}")
        return float("nan") if record.score is None else record.score
    tracker = Tracker(workspace, sweep.experiment if sweep else config.tracking.experiment)
    if record and record.status == RUNNING:  # its process was killed
        tracker.end(record.run_id, KILLED)
    overrides = lasting(overrides)
    name = sweep.job_name(overrides) if sweep else run_name(workspace)
    parent = {PARENT_TAG: sweep.parent} if sweep else {}
    with tracker.run(name, {**tags(workspace, stage, overrides), **parent}) as run_id:
        record = RunRecord(
            status=RUNNING,
            run_id=run_id,
            experiment=tracker.experiment,
            parent=sweep.parent if sweep else "",
            overrides=overrides,
            digest=config_digest(config),
            log_bundle=config.tracking.log_bundle,
        )
        record.write(workspace.run_file)
        try:
            log_config(tracker, run_id, config)
            pipeline.run(config, workspace)
            score = validation_score(workspace)
        except BaseException as error:
            status = KILLED if isinstance(error, KeyboardInterrupt) else FAILED
            replace(record, status=status, error=describe(error)).write(workspace.run_file)
            raise
    replace(record, status=FINISHED, score=score).write(workspace.run_file)
    return score


def record_failure(
    error: EarmarkError,
    workspace: Workspace,
    stage: str,
    overrides: Sequence[str],
    experiment: str,
    sweep: Sweep | None = None,
) -> None:
    """Record a run that failed before it had a config, in its folder and in MLflow.

    Args:
        error: Why it failed.
        workspace: Whose root is the run's folder.
        stage: The script that was called.
        overrides: Of the run.
        experiment: Where MLflow keeps it.
        sweep: What the run is a job of; its end names the failed jobs.
    """
    tracker = Tracker(workspace, experiment)
    overrides = lasting(overrides)
    name = sweep.job_name(overrides) if sweep else run_name(workspace)
    parent = {PARENT_TAG: sweep.parent} if sweep else {}
    run_id = tracker.begin(name, {**tags(workspace, stage, overrides), **parent})
    tracker.end(run_id, FAILED, describe(error))
    record = RunRecord(
        status=FAILED,
        run_id=run_id,
        experiment=tracker.experiment,
        parent=sweep.parent if sweep else "",
        overrides=overrides,
        error=describe(error),
    )
    record.write(workspace.run_file)


def validation_score(workspace: Workspace) -> float:
    """Balanced accuracy of the validation pieces: comparable between models, whatever they train by."""
    metrics = json.loads((workspace.metrics / "evaluate.json").read_text(encoding="utf-8"))
    return float(metrics["validation"]["balanced_accuracy"]["value"])
