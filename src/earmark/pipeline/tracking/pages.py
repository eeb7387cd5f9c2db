"""MLflow's pages: the address of a run, and an experiment's runs with the metrics that matter as columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from earmark.evaluation.compared import FIGURES
from earmark.evaluation.metric_table import BALANCED_ACCURACY, HEADLINES
from earmark.foundation.words import printable
from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.server import server, usable
from earmark.pipeline.tracking.sqlite import sqlite_uri

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

PORT = 5000  # of `earmark ui`
# Without it MLflow opens an experiment's page as that of a chat bot.
TRAINING_PAGE = {"mlflow.experimentKind": "custom_model_development"}
KIND = "workflowType=machine_learning"  # likewise for the page's navigation
VIEW = "earmark"  # the name by which the address of a page asks for a view that an experiment's tag describes
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"
MOST_LINES = 5  # experiments that `earmark ui` names
SHOWN_FIGURES = 5  # as many columns as fit beside a run's name on a laptop


def view() -> dict[str, str]:
    """The tag that describes the view: runs by their validation scores, the figures in columns."""
    headlines = (BALANCED_ACCURACY, *reversed(HEADLINES))
    names = (FIGURES[0], *(metric.name for metric in headlines), *FIGURES[1:])
    columns = [f"metrics.`{name}.value`" for name in names[: SHOWN_FIGURES + len(HEADLINES)]]
    state = {
        "selectedColumns": ["attributes.`Duration`", *columns],
        "orderByKey": columns[0],
        "orderByAsc": False,
    }
    return {VIEW_TAG: json.dumps(state)}


def offer_view(client: MlflowClient, experiment: Any) -> None:
    """See that an experiment has the view; one that somebody has changed stays.

    Args:
        client: Of its server.
        experiment: MLflow's Experiment.
    """
    for key, value in {**TRAINING_PAGE, **view()}.items():
        if key not in experiment.tags:
            client.set_experiment_tag(experiment.experiment_id, key, value)


def announced(workspace: Workspace, address: str) -> list[str]:
    """See that the experiments have the view, and say where their pages will be.

    Args:
        workspace: The checkout.
        address: Of the server that is about to start.

    Returns:
        A line for each experiment of earmark's, those changed last first; none where nothing has run yet.
    """
    uri = server(workspace)
    from mlflow.tracking import MlflowClient

    if uri == sqlite_uri(workspace.project / "mlflow.db") and not (workspace.project / "mlflow.db").is_file():
        return []
    with usable(uri):
        client = MlflowClient(uri)
        found = client.search_experiments(
            filter_string="name != 'Default'", order_by=["last_update_time DESC"], max_results=MOST_LINES
        )
        for experiment in found:
            offer_view(client, experiment)
    return [f"{runs_page(address, each.experiment_id)}  {printable(each.name)}" for each in found]


def runs_page(address: str, experiment_id: str) -> str:
    """The address of an experiment's runs.

    Args:
        address: Of MLflow's server.
        experiment_id: Whose runs.
    """
    return f"{address.rstrip('/')}/#/experiments/{experiment_id}/runs?{KIND}&viewStateShareKey={VIEW}"


def run_page(uri: str, experiment_id: str, run_id: str) -> str:
    """The address of a run; of a database it is that which `earmark ui` will serve.

    Args:
        uri: Of MLflow's server, or a database.
        experiment_id: Of the run.
        run_id: The run's.
    """
    is_server = uri.startswith(("http://", "https://"))
    address = uri.rstrip("/") if is_server else f"http://127.0.0.1:{PORT}"
    return f"{address}/#/experiments/{experiment_id}/runs/{run_id}"
