"""The experiment that runs are kept in: found by its name, if it can take runs."""

from __future__ import annotations

import os
import re
import shlex
from itertools import count
from typing import TYPE_CHECKING

from earmark.foundation.errors import EarmarkError
from earmark.pipeline.settings.quoting import in_hydra, in_shell
from earmark.pipeline.tracking.sqlite import shown_uri

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

DELETED = "deleted"  # MLflow's word


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
        # Set in the environment it may have a password, which is nobody's to see.
        given = "" if os.environ.get("MLFLOW_TRACKING_URI") else f"MLFLOW_TRACKING_URI={shlex.quote(uri)} "
        raise EarmarkError(
            f"the MLflow experiment {name} in {shown_uri(uri)} was deleted: bring it back with "
            f"`{given}mlflow experiments restore --experiment-id {found.experiment_id}`, or take another, "
            f"{_another(client, name)}"
        )
    if is_database(uri) and found.artifact_location.startswith("mlflow-artifacts:"):
        raise EarmarkError(
            f"the MLflow experiment {name} in {shown_uri(uri)} was made in MLflow's pages, whose server "
            f"alone can keep its files: take another, {_another(client, name)}"
        )
    return found.experiment_id


def _another(client: MlflowClient, name: str) -> str:
    """An override that names an experiment which is not there yet."""
    free = next(
        candidate for number in count(2) if not client.get_experiment_by_name(candidate := f"{name}-{number}")
    )
    plain = re.fullmatch(r"[\w-]+", free, re.ASCII)
    return in_shell(f"tracking.experiment={free if plain else in_hydra(free)}")
