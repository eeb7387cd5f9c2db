"""The MLflow run that the stages train and evaluate log into.

A run from the shell opened one for its whole way (see `shell_run`) and ends it. For `dvc repro`, whose
stages are processes of their own, train opens one and evaluate finds it by the bundle.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from earmark.foundation.workspace import Workspace
from earmark.pipeline.settings.schema import Config
from earmark.pipeline.tracking.run_name import run_name, tags
from earmark.pipeline.tracking.run_record import RunRecord
from earmark.pipeline.tracking.tracker import Tracker


@contextmanager
def training_run(config: Config, workspace: Workspace) -> Iterator[tuple[Tracker, str]]:
    """The tracker and the id of the run; one that is opened here ends here."""
    if record := RunRecord.read(workspace.run_file):
        yield Tracker(workspace, record.experiment), record.run_id
        return
    tracker = Tracker(workspace, config.tracking.experiment)
    with tracker.run(run_name(workspace), tags(workspace, "train")) as run_id:
        log_config(tracker, run_id, config)
        yield tracker, run_id


@contextmanager
def evaluation_run(config: Config, workspace: Workspace, bundle: str) -> Iterator[tuple[Tracker, str]]:
    """The same for an evaluation; bundle: hash of the bundle that is evaluated."""
    if record := RunRecord.read(workspace.run_file):
        yield Tracker(workspace, record.experiment), record.run_id
        return
    tracker = Tracker(workspace, config.tracking.experiment)
    with tracker.resume(bundle, run_name(workspace), tags(workspace, "evaluate")) as run_id:
        yield tracker, run_id


def log_config(tracker: Tracker, run_id: str, config: Config) -> None:
    """The resolved config but for how a sweep is run, which makes no difference to the run."""
    sections = {name: section for name, section in config.as_dict().items() if name != "sweep"}
    tracker.log_config(run_id, sections, json.dumps(sections, indent=2))


def logs_bundle_at_once(setting: str, workspace: Workspace) -> bool:
    """tracking.log_bundle; which of a sweep's bundles is the best is known after it only."""
    record = RunRecord.read(workspace.run_file)
    in_sweep = record is not None and bool(record.parent)
    return setting == "all" or (setting == "best" and not in_sweep)
