"""Runs whose process was killed are ended by the next one that uses or shows them."""

import platform

import pytest
from mlflow.tracking import MlflowClient

from earmark.experiments.runs import Runs
from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.open_runs import OpenRuns, tidy
from earmark.pipeline.tracking.tracker import Tracker

OPEN = """
import sys, time, warnings
warnings.simplefilter("ignore")  # MLflow's
from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.tracker import Tracker
tracker = Tracker(Workspace.at(sys.argv[1]), "songs")
with tracker.run("killed", {}) as run_id:
    print(run_id, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def test_the_run_of_a_killed_process_ends_as_killed(project, python):
    process = python(OPEN, project)
    run_id = process.stdout.readline().strip()
    client = MlflowClient(f"sqlite:///{project / 'mlflow.db'}")
    tidy(Workspace.at(project))
    run = client.get_run(run_id)
    assert run.info.status == "RUNNING"
    assert (run.data.tags["earmark.host"], run.data.tags["earmark.pid"]) == (
        platform.node(),
        str(process.pid),
    )
    process.kill()
    process.wait()
    tidy(Workspace.at(project))
    run = client.get_run(run_id)
    assert (run.info.status, run.data.tags["earmark.error"]) == ("KILLED", "its process was killed")
    tidy(Workspace.at(project))
    assert client.get_run(run_id).info.end_time == run.info.end_time


def test_whoever_uses_or_lists_runs_ends_those_of_killed_processes(project):
    workspace = Workspace.at(project)
    client = Tracker(workspace, "songs").client
    for look in (lambda: Tracker(workspace, "dances"), lambda: Runs(workspace)):
        with Tracker(workspace, "songs").run("kept open", {}):
            (file,) = (project / "mlartifacts" / ".open").glob("*/*")
        runs = [client.create_run("1").info.run_id for _ in range(3)]
        client.delete_run(runs[1])
        client.set_terminated(runs[2])
        for name in (*runs, "0" * 32):
            file.with_name(name).touch()
        look()
        assert list(file.parent.iterdir()) == []
        statuses = [client.get_run(run_id).info.status for run_id in runs]
        assert statuses == ["KILLED", "RUNNING", "FINISHED"]  # the second was deleted


def test_a_run_of_this_process_is_nobodys_else(tmp_path):
    runs = OpenRuns(tmp_path, "sqlite:///a.db")
    runs.add("r1")
    runs.add("r1")
    assert not runs.any_abandoned()
    assert list(OpenRuns(tmp_path, "sqlite:///a.db").abandoned()) == []
    runs.remove("r1")
    runs.remove("r1")
    assert [path for path in tmp_path.rglob("*") if path.name == "r1"] == []


def test_a_run_belongs_to_its_server(tmp_path):
    OpenRuns(tmp_path, "sqlite:///a.db").add("r2")
    OpenRuns(tmp_path, "sqlite:///a.db").remove("r2")
    folder = next((tmp_path / "mlartifacts" / ".open").iterdir())
    file = folder / "r1"
    file.touch()
    assert list(OpenRuns(tmp_path, "http://host").abandoned()) == []
    assert file.is_file()
    assert list(OpenRuns(tmp_path, "sqlite:///a.db").abandoned()) == ["r1"]
    assert not file.exists()
