"""MLflow runs in a database of our own: what is logged is there, how a run ended is said."""

import os
import re
import shlex
import time

import pytest
from mlflow.tracking import MlflowClient
from sqlalchemy import text

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.experiment import check_experiment
from earmark.pipeline.tracking.tracker import BUNDLE_TAG, Tracker, flattened


@pytest.fixture(autouse=True)
def no_server(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return tmp_path_factory.mktemp("project")


@pytest.fixture
def tracker(project):
    return Tracker(Workspace.at(project), "songs")


@pytest.fixture
def client(project):
    """Another client than the tracker's own: what it finds is in the database."""
    return MlflowClient(f"sqlite:///{project / 'mlflow.db'}")


def test_each_checkout_of_a_process_has_its_own_database(tmp_path):
    """MLflow sets MLFLOW_TRACKING_URI when it is told a database; the next checkout must not follow it."""
    uris = [Tracker(Workspace.at(tmp_path / name), "songs").uri for name in ("one", "two")]
    assert uris == [f"sqlite:///{tmp_path / name / 'mlflow.db'}" for name in ("one", "two")]


def test_runs_go_into_mlflow_db_of_the_project(tracker, client, project):
    assert tracker.uri == f"sqlite:///{project / 'mlflow.db'}"
    found = client.get_experiment_by_name("songs")
    assert found.artifact_location == (project / "mlartifacts").as_uri()
    assert Tracker(Workspace.at(project), "songs").experiment_id == tracker.experiment_id


def test_a_database_whose_making_was_cut_short_is_made_anew(tmp_path, monkeypatch):
    import mlflow.store.db.utils as tables

    def cut_short(engine, *_):
        with engine.connect() as connection:
            connection.execute(text("CREATE TABLE _alembic_tmp_latest_metrics (key VARCHAR)"))
            connection.execute(text("CREATE TABLE metrics (key VARCHAR)"))
            connection.commit()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tables, "_initialize_tables", cut_short)
        with pytest.raises(KeyboardInterrupt):
            Tracker(Workspace.at(tmp_path), "songs")
    assert not (tmp_path / "mlflow.db").exists()
    with Tracker(Workspace.at(tmp_path), "songs").run("run", {}) as run_id:
        pass
    found = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}").get_run(run_id)
    assert found.info.status == "FINISHED"
    assert {path.name for path in tmp_path.iterdir()} == {"mlflow.db", "mlartifacts", ".mlflow.lock"}


def test_a_shell_runs_own_root_does_not_move_the_database(tracker, project, tmp_path):
    assert Tracker(Workspace.at(project, tmp_path), "songs").uri == tracker.uri


ODD_NAMES = ("a%2Fb why?a=b#c {x}${y} Dvořák", "it's \" x :y [a] back\\slash new\nline")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_checkout_may_be_called_anything(tmp_path, monkeypatch, name):
    project = tmp_path / name / "checkout"
    (project / "kept").mkdir(parents=True)
    (project / "kept" / "a.txt").touch()
    monkeypatch.chdir(project)
    tracker = Tracker(Workspace.at(project), "songs")
    with tracker.run("run", {}) as run_id:
        tracker.log_config(run_id, {"seed": 1}, "seed: 1")
        tracker.log_files(run_id, "kept", project / "kept")
    assert tracker.client.get_run(run_id).info.status == "FINISHED"
    assert [item.path for item in tracker.client.list_artifacts(run_id, "kept")] == ["kept/a.txt"]
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert {path.name for path in project.iterdir()} == {"kept", "mlflow.db", "mlartifacts", ".mlflow.lock"}
    assert list(project.glob("mlartifacts/**/config.yaml"))


def test_the_default_experiment_keeps_its_files_in_the_checkout_too(tracker, client, project):
    found = client.get_experiment("0")
    assert found.artifact_location == (project / "mlartifacts").as_uri() + "/0"


def test_a_run_ends_finished_with_its_name_and_tags(tracker, client):
    with tracker.run("trainer.seed=1", {"earmark.stage": "train"}) as run_id:
        assert client.get_run(run_id).info.status == "RUNNING"
        tracker.tag(run_id, data="abc")
    run = client.get_run(run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "trainer.seed=1")
    assert run.data.tags["earmark.stage"] == "train"
    assert run.data.tags["earmark.data"] == "abc"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (EarmarkError("no space left"), "no space left"),
        (RuntimeError("two\nlines"), "RuntimeError: two lines"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (SystemExit(3), "SystemExit: 3"),
        (RuntimeError("x" * 9000), "RuntimeError: " + "x" * (5000 - len("RuntimeError: "))),
    ],
    ids=["ours", "foreign", "interrupt", "exit", "long"],
)
def test_a_run_that_fails_says_why_and_passes_the_error_on(tracker, client, error, said):
    started = []

    def fail():
        with tracker.run("fails", {}) as run_id:
            started.append(run_id)
            raise error

    with pytest.raises(type(error)) as caught:
        fail()
    assert caught.value is error
    run = client.get_run(started[0])
    assert run.info.status == ("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
    assert run.data.tags["earmark.error"] == said


def test_the_config_is_kept_whole_as_a_file_and_flat_as_params(tracker, client, tmp_path):
    config = {
        "trainer": {"seed": 0, "optimizer": {"lr": 0.001}},
        "model": {"widths": [16, 32]},
        "long": "x" * 700,
        "many": {f"key{number}": number for number in range(150)},
    }
    with tracker.run("config", {}) as run_id:
        tracker.log_config(run_id, config, "trainer: {seed: 0}\n")
    params = client.get_run(run_id).data.params
    assert params["trainer.seed"] == "0"
    assert params["trainer.optimizer.lr"] == "0.001"
    assert params["model.widths"] == "[16, 32]"
    assert params["long"] == "x" * 500
    assert params["many.key149"] == "149"
    assert len(params) == 154
    path = client.download_artifacts(run_id, "config.yaml", str(tmp_path))
    with open(path) as file:
        assert file.read() == "trainer: {seed: 0}\n"


def test_nested_metrics_have_dotted_names_and_only_numbers_count(tracker, client):
    metrics = {
        "closed_set": {"accuracy": {"value": 0.5, "low": None}},
        "pieces": {"test": 3},
        "warnings": ["a", "b"],
        "word": "none",
    }
    with tracker.run("metrics", {}) as run_id:
        tracker.log_metrics(run_id, metrics)
    assert client.get_run(run_id).data.metrics == {"closed_set.accuracy.value": 0.5, "pieces.test": 3.0}


def test_files_and_folders_become_artifacts(tracker, client, tmp_path):
    (tmp_path / "plots" / "deep").mkdir(parents=True)
    (tmp_path / "plots" / "a.png").touch()
    (tmp_path / "plots" / "deep" / "b.png").touch()
    (tmp_path / "table.csv").touch()
    with tracker.run("files", {}) as run_id:
        tracker.log_files(run_id, "kept", tmp_path / "plots", tmp_path / "table.csv", tmp_path / "nothing")
    found = {item.path for item in client.list_artifacts(run_id, "kept")}
    assert found == {"kept/a.png", "kept/deep", "kept/table.csv"}
    assert [item.path for item in client.list_artifacts(run_id, "kept/deep")] == ["kept/deep/b.png"]


def test_evaluation_goes_on_in_the_latest_run_that_made_the_bundle(tracker, client):
    made = []
    for bundle in ("b1", "b1", "b2"):
        with tracker.run("train", {}) as run_id:
            tracker.tag(run_id, bundle=bundle)
        made.append(run_id)
        time.sleep(0.01)  # start times are in milliseconds
    with tracker.resume("b1", "evaluate", {"earmark.stage": "evaluate"}) as run_id:
        assert run_id == made[1]
        assert client.get_run(run_id).info.status == "RUNNING"
        tracker.log_metrics(run_id, {"accuracy": 1})
    run = client.get_run(made[1])
    assert (run.info.status, run.info.run_name) == ("FINISHED", "train")
    assert run.data.metrics == {"accuracy": 1.0}
    assert client.get_run(made[0]).data.metrics == {}


def test_a_bundle_that_no_run_made_gets_a_run_of_its_own(tracker, client):
    with tracker.resume("b9", "evaluate", {"earmark.stage": "evaluate"}) as first:
        pass
    run = client.get_run(first)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "evaluate")
    assert run.data.tags[BUNDLE_TAG] == "b9"
    assert run.data.tags["earmark.stage"] == "evaluate"
    with tracker.resume("b9", "evaluate", {}) as again:
        assert again == first


def test_an_evaluation_that_fails_marks_the_run(tracker, client):
    with tracker.run("train", {}) as run_id:
        tracker.tag(run_id, bundle="b5")
    with pytest.raises(EarmarkError), tracker.resume("b5", "evaluate", {}):
        raise EarmarkError("no pieces")
    run = client.get_run(run_id)
    assert (run.info.status, run.data.tags["earmark.error"]) == ("FAILED", "no pieces")


def test_runs_of_another_experiment_are_not_found(tracker, project):
    with tracker.run("train", {}) as run_id:
        tracker.tag(run_id, bundle="b7")
    with Tracker(Workspace.at(project), "dances").resume("b7", "evaluate", {}) as other:
        assert other != run_id


def test_lightnings_logger_writes_curves_and_leaves_the_run_open(tracker, client):
    with tracker.run("curves", {}) as run_id:
        logger = tracker.lightning_logger(run_id)
        logger.log_hyperparams({"lr": 1})
        for step, loss in enumerate((0.5, 0.25)):
            logger.log_metrics({"train/loss": loss}, step)
        logger.finalize("success")
        assert client.get_run(run_id).info.status == "RUNNING"
    history = client.get_metric_history(run_id, "train/loss")
    assert [(item.step, item.value) for item in history] == [(0, 0.5), (1, 0.25)]
    assert client.get_run(run_id).data.params == {}


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:9", "https://127.0.0.1:9", "foo://bar", "sqlite:///TMP/file/mlflow.db"]
)
def test_a_server_that_cannot_be_used_is_said_in_one_line(uri, tmp_path, monkeypatch):
    (tmp_path / "file").touch()  # where a folder would have to be
    uri = uri.replace("TMP", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    before = dict(os.environ)
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    with pytest.raises(EarmarkError) as caught:
        Tracker(Workspace.at(tmp_path), "songs")
    assert str(caught.value).startswith(f"MLflow at {uri} cannot be used: ")
    assert str(caught.value).endswith("check MLFLOW_TRACKING_URI")
    assert "\n" not in str(caught.value)
    assert sum(slept) < 10  # seconds of patience
    after = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW_HTTP")}
    assert after == {name: value for name, value in before.items() if name.startswith("MLFLOW_HTTP")}


def test_patience_that_the_user_asked_for_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    with pytest.raises(EarmarkError):
        Tracker(Workspace.at(tmp_path), "songs")
    assert len(slept) >= 2
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "3"


@pytest.fixture
def deleted(project, client):
    """Of some experiments the second was deleted, as in MLflow's pages."""
    if client.get_experiment_by_name("elves") is None:
        for name in ("elves", "elves-2", "Lieder, 1"):
            Tracker(Workspace.at(project), name)
        for name in ("elves", "Lieder, 1"):
            client.delete_experiment(client.get_experiment_by_name(name).experiment_id)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("elves", "tracking.experiment=elves-3"),
        ("Lieder, 1", """'tracking.experiment="Lieder, 1-2"'"""),
    ],
)
@pytest.mark.parametrize("ask", [Tracker, check_experiment])
def test_a_deleted_experiment_is_one_line_with_the_way_out(deleted, project, client, ask, name, other):
    with pytest.raises(EarmarkError) as caught:
        ask(Workspace.at(project), name)
    said = str(caught.value)
    assert said.startswith(f"the MLflow experiment {name} in sqlite:///{project}/mlflow.db was deleted: ")
    assert said.endswith(f", or take another, {other}")
    (command,) = re.findall("`(.*)`", said)
    assignment, *words = shlex.split(command)
    assert assignment == f"MLFLOW_TRACKING_URI=sqlite:///{project}/mlflow.db"
    assert words == [
        *("mlflow", "experiments", "restore", "--experiment-id"),
        client.get_experiment_by_name(name).experiment_id,
    ]


def test_an_experiment_whose_files_only_a_server_has_is_one_line(tracker, project, client):
    """As `mlflow ui` makes them."""
    if client.get_experiment_by_name("page") is None:
        client.create_experiment("page", artifact_location="mlflow-artifacts:/7")
    with pytest.raises(
        EarmarkError, match=r"page in sqlite.* whose server alone.*tracking.experiment=page-2$"
    ):
        Tracker(Workspace.at(project), "page")


def test_whether_runs_can_be_kept_is_seen_without_making_anything(project, tracker, client, tmp_path):
    check_experiment(Workspace.at(tmp_path), "songs")
    assert list(tmp_path.iterdir()) == []
    check_experiment(Workspace.at(project), "songs")
    check_experiment(Workspace.at(project), "never")
    assert client.get_experiment_by_name("never") is None


def test_a_deleted_run_has_ended_and_does_not_go_on(tracker, client, project):
    run_id = tracker.begin("deleted", {})
    client.delete_run(run_id)
    tracker.end(run_id, "KILLED", "why")
    tracker.end("0" * 32, "KILLED")
    with pytest.raises(EarmarkError) as caught:
        tracker.reopen(run_id)
    assert str(caught.value) == (
        f"the MLflow run {run_id} in {tracker.uri} was deleted: bring it back with "
        f"`MLFLOW_TRACKING_URI={tracker.uri} mlflow runs restore --run-id {run_id}`, or begin anew"
    )
    with pytest.raises(EarmarkError, match=f"has no run {'0' * 32}: it cannot go on"):
        tracker.reopen("0" * 32)


def test_a_run_that_is_deleted_while_it_goes_on_is_one_line(tracker, client):
    def go_on():
        with tracker.run("deleted", {}) as run_id:
            client.delete_run(run_id)
            tracker.log_metrics(run_id, {"accuracy": 1})

    with pytest.raises(EarmarkError, match=r"^MLflow at sqlite.* refuses: .* must be in the 'active' state"):
        go_on()


def test_flattened():
    nested = {"a": {"b": {"c": 1}, "d": [1, {"e": 2}]}, "f": None, "g": {}}
    assert flattened(nested) == {"a.b.c": 1, "a.d": [1, {"e": 2}], "f": None}
