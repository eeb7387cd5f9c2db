"""The experiment that runs are kept in: found by its name, if it can take runs."""

from __future__ import annotations

import os
import re
import shlex
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.pipeline.settings.quoting import in_hydra, in_shell
from earmark.pipeline.tracking.server import server, usable
from earmark.pipeline.tracking.sqlite import shown_uri

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

DELETED = "deleted"  # MLflow's word
SERVED = "mlflow-artifacts:"  # where files go that a server takes


def is_database(uri: str) -> bool:
    """Whether there is no server between MLflow's library and the database."""
    return not uri.startswith(("http://", "https://"))


def experiment_id(client: MlflowClient, uri: str, name: str) -> str | None:
    """The id of an experiment; None where there is none.

    Args:
        client: Of the server.
        uri: Its address.
        name: The experiment's.

    Raises:
        EarmarkError: It was deleted, or its files are kept where only a server gets at them.
    """
    found = client.get_experiment_by_name(name)
    if found is None:
        return None
    if found.lifecycle_stage == DELETED:
        raise EarmarkError(
            f"the MLflow experiment {name} in {shown_uri(uri)} was deleted: bring it back with "
            f"`{mlflow_command(uri)} experiments restore --experiment-id {found.experiment_id}`, or take "
            f"another, {_another(client, name)}"
        )
    if is_database(uri) and found.artifact_location.startswith(SERVED):
        raise EarmarkError(
            f"the MLflow experiment {name} in {shown_uri(uri)} was made in MLflow's pages, whose server "
            f"alone can keep its files: take another, {_another(client, name)}"
        )
    return found.experiment_id


def takes_runs(database: Path, name: str) -> bool:
    """Whether a database that is there has no experiment of the name, or one as it should be.

    Only its file is read. False where that is not understood, too: MLflow has to say what is wrong.
    """
    if not database.is_file():
        return True
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(
                "SELECT lifecycle_stage, artifact_location FROM experiments WHERE name = ?", (name,)
            ).fetchall()
    except sqlite3.Error:
        return False
    return all(stage != DELETED and not str(place).startswith(SERVED) for stage, place in rows)


def mlflow_command(uri: str) -> str:
    """How MLflow's command line is called for these runs."""
    # Set in the environment it may have a password, which is nobody's to see.
    return (
        "mlflow"
        if os.environ.get("MLFLOW_TRACKING_URI")
        else f"MLFLOW_TRACKING_URI={shlex.quote(uri)} mlflow"
    )


def _another(client: MlflowClient, name: str) -> str:
    """An override that names an experiment which is not there yet."""
    free = next(
        candidate for number in count(2) if not client.get_experiment_by_name(candidate := f"{name}-{number}")
    )
    plain = re.fullmatch(r"[\w-]+", free, re.ASCII)
    return in_shell(f"tracking.experiment={free if plain else in_hydra(free)}")


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
