"""Addresses in MLflow's pages, and the view of an experiment's runs."""

import json

import pytest

from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.pages import VIEW_TAG, announced, run_page, runs_page
from earmark.pipeline.tracking.tracker import Tracker


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Workspace.at(tmp_path)


@pytest.mark.parametrize(
    ("uri", "address"),
    [
        ("sqlite:////home/you/mlflow.db", "http://127.0.0.1:5000"),
        ("postgresql://host/runs", "http://127.0.0.1:5000"),
        ("https://mlflow.example.org/", "https://mlflow.example.org"),
    ],
)
def test_the_page_of_a_run(uri, address):
    assert run_page(uri, "3", "abc") == f"{address}/#/experiments/3/runs/abc"


def test_an_experiment_is_made_with_its_view(workspace):
    tracker = Tracker(workspace, "composer")
    tags = tracker.client.get_experiment(tracker.experiment_id).tags
    assert tags["mlflow.experimentKind"] == "custom_model_development"
    state = json.loads(tags[VIEW_TAG])
    assert state["orderByKey"] == "metrics.`validation.balanced_accuracy.value`"
    assert "metrics.`closed_set.balanced_accuracy.value`" in state["selectedColumns"]


def test_the_ui_names_the_pages_and_gives_older_experiments_the_view(workspace):
    assert announced(workspace, "http://127.0.0.1:5000") == []
    tracker = Tracker(workspace, "genre")
    other = tracker.client.create_experiment("older", tags={VIEW_TAG: "somebody's own"})
    lines = announced(workspace, "http://127.0.0.1:5000")
    assert sorted(lines) == sorted(
        [
            f"{runs_page('http://127.0.0.1:5000', other)}  older",
            f"{runs_page('http://127.0.0.1:5000', tracker.experiment_id)}  genre",
        ]
    )
    assert "workflowType=machine_learning&viewStateShareKey=earmark" in lines[0]
    tags = tracker.client.get_experiment(other).tags
    assert tags[VIEW_TAG] == "somebody's own"
    assert tags["mlflow.experimentKind"] == "custom_model_development"
