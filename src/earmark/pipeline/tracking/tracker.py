"""MLflow: every training run is kept, whether `dvc repro` or a shell started it.

A run spans training and evaluation, which are two processes: the second finds the first by a tag with
the bundle's hash (a run id inside the bundle would change its bytes every time).
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.experiment import (
    DELETED,
    experiment_id,
    is_database,
    mlflow_command,
    takes_runs,
)
from earmark.pipeline.tracking.run_record import FAILED, FINISHED, KILLED, RUNNING
from earmark.pipeline.tracking.sqlite import shown_uri, sqlite_uri

BUNDLE_TAG = "earmark.bundle"
PARENT_TAG = "mlflow.parentRunId"  # MLflow's own: the run id of the sweep that a run is a job of
ERROR_TAG = "earmark.error"
# Without it MLflow opens an experiment's page as that of a chat bot.
TRAINING_PAGE = {"mlflow.experimentKind": "custom_model_development"}


def tracking_uri(workspace: Workspace) -> str:
    """The server that MLFLOW_TRACKING_URI names, or mlflow.db in the checkout."""
    return os.environ.get("MLFLOW_TRACKING_URI") or sqlite_uri(workspace.project / "mlflow.db")


def artifacts_uri(workspace: Workspace) -> str:
    """Where files of runs go that a database keeps: mlartifacts/ in the checkout."""
    return (workspace.project / "mlartifacts").as_uri()


def server(workspace: Workspace) -> str:
    """`tracking_uri`; MLflow is told so, and to be quiet."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    # MLflow warns when git's executable is missing; provenance.py asks git itself.
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    given = os.environ.get("MLFLOW_TRACKING_URI")
    uri = tracking_uri(workspace)
    mlflow.set_tracking_uri(uri)
    if not given:  # MLflow sets the variable: the next checkout in this process would use this one's database
        os.environ.pop("MLFLOW_TRACKING_URI", None)
    return uri


class Tracker:
    """Runs of one experiment on the server that MLFLOW_TRACKING_URI names, or mlflow.db here."""

    def __init__(self, workspace: Workspace, experiment: str) -> None:
        self.uri = server(workspace)
        self.experiment = experiment
        from mlflow.tracking import MlflowClient

        place = artifacts_uri(workspace)
        # Processes that race to create a fresh database fail: one at a time.
        with usable(self.uri), FileLock(workspace.project / ".mlflow.lock"), _default_place(place):
            self.client = MlflowClient(self.uri)
            found = experiment_id(self.client, self.uri, experiment)
            if found is None:
                # A server has a place for artifacts; a database, here or elsewhere, has none.
                found = self.client.create_experiment(
                    experiment, artifact_location=place if is_database(self.uri) else None, tags=TRAINING_PAGE
                )
        self.experiment_id = found

    @contextmanager
    def run(self, name: str, tags: Mapping[str, str]) -> Iterator[str]:
        """Start a run and yield its id; it ends FINISHED, FAILED or (interrupted) KILLED."""
        with self._ending(self.begin(name, tags)) as run_id:
            yield run_id

    def begin(self, name: str, tags: Mapping[str, str]) -> str:
        """Start a run that the caller ends; its id."""
        return self.client.create_run(self.experiment_id, run_name=name, tags=dict(tags)).info.run_id

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


def check_experiment(workspace: Workspace, experiment: str) -> None:
    """See that runs can be kept, before what comes before them is computed; nothing is made.

    Raises:
        EarmarkError: The server is not there, or the experiment was deleted.
    """
    if not os.environ.get("MLFLOW_TRACKING_URI") and takes_runs(workspace.project / "mlflow.db", experiment):
        return  # MLflow itself takes seconds to load
    uri = server(workspace)
    from mlflow.tracking import MlflowClient

    with usable(uri):
        experiment_id(MlflowClient(uri), uri, experiment)


@contextmanager
def usable(uri: str) -> Iterator[None]:
    """What MLflow raises inside, where it is first asked for something, as one line.

    A server that is not there is reported at once; MLflow alone would go on trying for four minutes.
    Later requests have MLflow's patience: a server may be restarted while a run goes on.
    """
    try:
        with _environment({"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "10"}):  # s
            yield
    except EarmarkError:
        raise
    except Exception as error:
        raise EarmarkError(
            f"MLflow at {shown_uri(uri)} cannot be used: {describe(error)}; check MLFLOW_TRACKING_URI"
        ) from error


@contextmanager
def refusals(uri: str) -> Iterator[None]:
    """What MLflow refuses inside, as one line: a run that somebody deleted meanwhile takes nothing more."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        raise EarmarkError(f"MLflow at {shown_uri(uri)} refuses: {describe(error)}") from error


@contextmanager
def _default_place(place: str) -> Iterator[None]:
    """A database that is made inside keeps the files of MLflow's own experiment at `place`.

    MLflow would take mlruns/ of the current folder, and write that into its SQL as Python has it, which
    fails for some names of folders.
    """
    with _environment({"_MLFLOW_SERVER_ARTIFACT_ROOT": place}):
        yield


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Environment variables where they are not set already, as long as the block lasts."""
    added = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


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
