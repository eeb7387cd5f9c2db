"""Where MLflow keeps the runs: the server that MLFLOW_TRACKING_URI names, or mlflow.db in the checkout."""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.sqlite import shown_uri, sqlite_uri


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
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)  # prints what it raises
    given = os.environ.get("MLFLOW_TRACKING_URI")
    uri = tracking_uri(workspace)
    mlflow.set_tracking_uri(uri)
    if not given:  # MLflow sets the variable: the next checkout in this process would use this one's database
        os.environ.pop("MLFLOW_TRACKING_URI", None)
    return uri


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
def default_place(place: str) -> Iterator[None]:
    """A database that is made inside keeps the files of MLflow's own experiment at `place`.

    MLflow would take mlruns/ of the current folder, and write that into its SQL as Python has it, which
    fails for some names of folders.
    """
    with _environment({"_MLFLOW_SERVER_ARTIFACT_ROOT": place}):
        yield


def make_database(workspace: Workspace, place: str) -> None:
    """Make mlflow.db in the checkout where it is to be used and is not there, whole or not at all.

    MLflow makes its tables in dozens of steps, and cannot use what a process left that was killed between
    two.

    Args:
        workspace: Of the checkout.
        place: Where files of MLflow's own experiment go, see `default_place`.
    """
    file = workspace.project / "mlflow.db"
    if file.exists() or tracking_uri(workspace) != sqlite_uri(file):
        return
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    for left in file.parent.glob("mlflow.db.new-*"):  # of a killed process
        left.unlink()
    made = file.with_name(f"mlflow.db.new-{uuid.uuid4().hex}")  # SQLAlchemy keeps connections by name
    SqlAlchemyStore(sqlite_uri(made), place).engine.dispose()
    made.replace(file)


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
