"""MLflow: every training run is kept, whether `dvc repro` or a shell started it.

A run spans training and evaluation, which are two processes: the second finds the first by a tag with
the bundle's hash (a run id inside the bundle would change its bytes every time).
"""

from __future__ import annotations

import os
import platform
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.experiment import DELETED, experiment_id, is_database, mlflow_command
from earmark.pipeline.tracking.open_runs import ERROR_TAG, OpenRuns, end_killed_runs
from earmark.pipeline.tracking.pages import TRAINING_PAGE, run_page, view
from earmark.pipeline.tracking.run_record import FAILED, FINISHED, KILLED, RUNNING
from earmark.pipeline.tracking.server import (
    artifacts_uri,
    default_place,
    make_database,
    refusals,
    server,
    usable,
)
from earmark.pipeline.tracking.sqlite import shown_uri
from earmark.pipeline.tracking.whole_calls import whole_calls

BUNDLE_TAG = "earmark.bundle"
PARENT_TAG = "mlflow.parentRunId"  # MLflow's own: the run id of the sweep that a run is a job of


class Tracker:
    """Runs of one experiment on the server that MLFLOW_TRACKING_URI names, or mlflow.db here."""

    def __init__(self, workspace: Workspace, experiment: str) -> None:
        self.uri = server(workspace)
        self.experiment = experiment
        from mlflow.tracking import MlflowClient

        place = artifacts_uri(workspace)
        # Processes that race to create a fresh database fail: one at a time.
        with usable(self.uri), FileLock(workspace.project / ".mlflow.lock"), default_place(place):
            make_database(workspace, place)
            client = MlflowClient(self.uri)
            self.client = whole_calls(client) if is_database(self.uri) else client
            found = experiment_id(self.client, self.uri, experiment)
            if found is None:
                # A server has a place for artifacts; a database, here or elsewhere, has none.
                found = self.client.create_experiment(
                    experiment,
                    artifact_location=place if is_database(self.uri) else None,
                    tags={**TRAINING_PAGE, **view()},
                )
        self.experiment_id = found
        self._open = OpenRuns(workspace.project, self.uri)
        end_killed_runs(self.client, self._open)

    @contextmanager
    def run(self, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        """Start a run and yield its id; it ends FINISHED, FAILED or (interrupted) KILLED."""
        with self._ending(self.begin(name, tags)) as run_id:
            yield run_id

    def begin(self, name: str, tags: Mapping[str, str]) -> str:
        """Start a run that the caller ends; its id. Its tags say which process of which machine it is."""
        process = {"earmark.host": platform.node(), "earmark.pid": str(os.getpid())}
        tags = {**tags, **process}
        with refusals(self.uri):
            run_id = self.client.create_run(self.experiment_id, run_name=name, tags=tags).info.run_id
        self._open.add(run_id)
        return run_id

    @contextmanager
    def resume(self, bundle: str, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        """The latest run that made the bundle with this hash; a new one where there is none."""
        runs = self.client.search_runs(
            [self.experiment_id],
            f"tags.`{BUNDLE_TAG}` = '{bundle}'",
            order_by=["attributes.start_time DESC"],
            max_results=1,
        )
        if not runs:
            with self.run(name, {**tags, BUNDLE_TAG: bundle}) as run_id:
                yield run_id
            return
        self.reopen(runs[0].info.run_id)
        with self._ending(runs[0].info.run_id) as run_id:
            yield run_id

    @contextmanager
    def _ending(self, run_id: str) -> Iterator[str]:
        try:
            with refusals(self.uri):
                yield run_id
        except BaseException as error:
            with suppress(Exception):  # the disk is full, the server gone: what came first counts
                self.end(run_id, KILLED if isinstance(error, KeyboardInterrupt) else FAILED, describe(error))
            raise
        self.end(run_id, FINISHED)

    def end(self, run_id: str, status: str, error: str = "") -> None:
        """End a run FINISHED, FAILED or KILLED, with its error in a tag; one that was deleted has ended."""
        from mlflow.exceptions import MlflowException

        try:
            if error:
                self.client.set_tag(run_id, ERROR_TAG, error[:5000])
            self.client.set_terminated(run_id, status=status)
        except MlflowException:
            if not self._is_gone(run_id):
                raise
        self._open.remove(run_id)

    def _is_gone(self, run_id: str) -> bool:
        """Whether somebody deleted the run."""
        from mlflow.exceptions import MlflowException

        try:
            return self.client.get_run(run_id).info.lifecycle_stage == DELETED
        except MlflowException as error:
            return error.error_code == "RESOURCE_DOES_NOT_EXIST"

    def reopen(self, run_id: str) -> None:
        """A run that goes on after it had ended, whatever error it ended with.

        Raises EarmarkError where MLflow has no such run, or it was deleted.
        """
        from mlflow.exceptions import MlflowException

        try:
            run = self.client.get_run(run_id)
        except MlflowException as error:
            place = shown_uri(self.uri)
            raise EarmarkError(f"MLflow at {place} has no run {run_id}: it cannot go on") from error
        if run.info.lifecycle_stage == DELETED:
            raise EarmarkError(
                f"the MLflow run {run_id} in {shown_uri(self.uri)} was deleted: bring it back with "
                f"`{mlflow_command(self.uri)} runs restore --run-id {run_id}`, or begin anew"
            )
        with refusals(self.uri):
            if ERROR_TAG in run.data.tags:
                self.client.delete_tag(run_id, ERROR_TAG)
            self.client.update_run(run_id, status=RUNNING)
        self._open.add(run_id)

    def page(self, run_id: str) -> str:
        """The address of a run in MLflow's pages."""
        return run_page(self.uri, self.experiment_id, run_id)

    def tag(self, run_id: str, **tags: str) -> None:
        """Set tags of a run, each as earmark.<name>."""
        for key, value in tags.items():
            self.client.set_tag(run_id, f"earmark.{key}", value)

    def log_config(self, run_id: str, config: Mapping[str, Any], text: str) -> None:
        """The resolved config: whole as an artifact (long params are cut), flat as params."""
        from mlflow.entities import Param

        flat = [Param(key, str(value)[:500]) for key, value in flattened(config).items()]
        for start in range(0, len(flat), 100):  # MLflow's limit of a batch
            self.client.log_batch(run_id, params=flat[start : start + 100])
        self.client.log_text(run_id, text, "config.yaml")

    def log_metrics(self, run_id: str, metrics: Mapping[str, Any]) -> None:
        """Nested numbers under dotted names; what is not a number is left out."""
        for key, value in flattened(metrics).items():
            if isinstance(value, (int, float)):
                self.client.log_metric(run_id, key, float(value))

    def log_files(self, run_id: str, folder: str, *paths: Path) -> None:
        """Files, or the files of folders, as artifacts below `folder`."""
        for path in paths:
            if path.is_dir():
                self.client.log_artifacts(run_id, str(path), folder)
            elif path.is_file():
                self.client.log_artifact(run_id, str(path), folder)

    def lightning_logger(self, run_id: str) -> Any:
        """A Lightning logger that writes the curves into the run."""
        from earmark.pipeline.tracking.run_logger import RunLogger

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return RunLogger(experiment_name=self.experiment, tracking_uri=self.uri, run_id=run_id)


def flattened(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"a": {"b": 1}}` to `{"a.b": 1}`."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            flat.update(flattened(value, f"{name}."))
        else:
            flat[name] = value
    return flat
