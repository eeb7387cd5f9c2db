"""A run from the shell is in MLflow from its first check to its end, whatever that is."""

import json
from pathlib import Path

import pytest
from mlflow.tracking import MlflowClient

from earmark.experiments import shell_run
from earmark.experiments.sweep.folder import Sweep
from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.pipeline import order as pipeline
from earmark.pipeline.settings.config import compose, standing_overrides
from earmark.pipeline.tracking.run_record import RUNNING, RunRecord
from earmark.pipeline.tracking.stage_run import evaluation_run, logs_bundle_at_once, training_run
from earmark.pipeline.tracking.tracker import Tracker

CONF = Path(__file__).parents[2] / "conf"
OVERRIDES = ("experiment=composer", "trainer.seed=3")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield tmp_path_factory.mktemp("project")


@pytest.fixture
def workspace(project, tmp_path):
    (tmp_path / "overrides.txt").write_text("trainer.seed=3\n")
    return Workspace.at(project, tmp_path)


@pytest.fixture(scope="module")
def config():
    return compose(CONF, list(OVERRIDES))


def changed(*overrides):
    """The config with further overrides."""
    return compose(CONF, [*standing_overrides(OVERRIDES, overrides), *overrides])


@pytest.fixture
def client(project):
    return MlflowClient(f"sqlite:///{project / 'mlflow.db'}")


@pytest.fixture
def path(monkeypatch):
    """In place of the stages: what a function of the workspace does, and a validation score of 0.75."""
    done = []

    def instead(act=lambda workspace: None):
        def run(config, workspace):
            done.append(workspace)
            act(workspace)
            workspace.metrics.mkdir(exist_ok=True)
            metrics = {"validation": {"balanced_accuracy": {"value": 0.75}}}
            (workspace.metrics / "evaluate.json").write_text(json.dumps(metrics))

        monkeypatch.setattr(pipeline, "run", run)
        return done

    return instead


def sweep_of(workspace, **changes):
    fields = {
        **{"folder": workspace.root.parent, "stage": "train", "overrides": (), "started": "2026"},
        **{"constant": ("experiment",), "experiment": "grid", "parent": "p1"},
    }
    return Sweep(**{**fields, **changes})


def test_a_finished_run(config, workspace, client, path):
    seen = []
    path(lambda workspace: seen.append(RunRecord.read(workspace.run_file)))
    assert shell_run.run(config, workspace, "train", OVERRIDES) == 0.75
    record = RunRecord.read(workspace.run_file)
    assert (seen[0].status, record.status, record.score) == ("RUNNING", "FINISHED", 0.75)
    assert record.run_id == seen[0].run_id
    run = client.get_run(record.run_id)
    assert (run.info.status, run.info.run_name) == ("FINISHED", "trainer.seed=3")
    assert json.loads(run.data.tags["earmark.overrides"]) == list(OVERRIDES)
    assert run.data.tags["earmark.stage"] == "train"
    assert run.data.params["trainer.seed"] == "3"
    assert not any(name.startswith("sweep") for name in run.data.params)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (EarmarkError("no space"), "FAILED"),
        (ZeroDivisionError("0"), "FAILED"),
        (KeyboardInterrupt(), "KILLED"),
    ],
)
def test_a_run_that_ends_early(config, workspace, client, path, error, status):
    def fail(_):
        raise error

    path(fail)
    with pytest.raises(type(error)):
        shell_run.run(config, workspace, "train", OVERRIDES)
    record = RunRecord.read(workspace.run_file)
    run = client.get_run(record.run_id)
    assert record.status == run.info.status == status
    assert record.error == run.data.tags["earmark.error"]
    assert record.score is None


def test_a_config_that_cannot_be_resolved_is_a_failed_run(workspace, client):
    with pytest.raises(EarmarkError, match=r"trainer\.sed") as caught:
        compose(CONF, ["trainer.accelerator=${trainer.sed}"])
    shell_run.record_failure(caught.value, workspace, "train", OVERRIDES, "grid", sweep_of(workspace))
    record = RunRecord.read(workspace.run_file)
    run = client.get_run(record.run_id)
    assert run.info.status == record.status == "FAILED"
    assert "trainer.sed" in record.error == run.data.tags["earmark.error"]
    assert (record.parent, run.info.run_name) == ("p1", "trainer.seed=3")


def test_a_job_is_the_sweeps_child_under_its_own_name(config, workspace, client, path):
    path()
    shell_run.run(config, workspace, "train", OVERRIDES, sweep_of(workspace))
    record = RunRecord.read(workspace.run_file)
    run = client.get_run(record.run_id)
    assert run.data.tags["mlflow.parentRunId"] == record.parent == "p1"
    assert run.info.run_name == "trainer.seed=3"
    assert run.info.experiment_id == client.get_experiment_by_name("grid").experiment_id


def test_only_a_finished_job_of_the_same_config_is_not_done_again(config, workspace, client, path):
    done, sweep = path(), sweep_of(workspace)
    resumed = changed("sweep.resume=true")
    shell_run.run(config, workspace, "train", OVERRIDES, sweep)
    first = RunRecord.read(workspace.run_file)
    assert shell_run.run(resumed, workspace, "train", OVERRIDES, sweep) == 0.75
    assert (len(done), RunRecord.read(workspace.run_file)) == (1, first)
    elsewhere = changed("executor.workers=3", "store.path=x", "tracking.log_bundle=all", "sweep.resume=true")
    shell_run.run(elsewhere, workspace, "train", OVERRIDES, sweep)
    assert len(done) == 1  # the same model, computed in another way
    other = changed("sweep.resume=true", "trainer.seed=4")
    shell_run.run(other, workspace, "train", OVERRIDES, sweep)
    assert len(done) == 2
    shell_run.run(config, workspace, "train", OVERRIDES, sweep)
    assert len(done) == 3  # without sweep.resume


def test_a_killed_jobs_run_ends_when_it_is_done_again(config, workspace, client, path):
    path()
    old = Tracker(workspace, "grid").begin("old", {})
    RunRecord(RUNNING, old, "grid", "p1").write(workspace.run_file)
    resumed = changed("sweep.resume=true")
    shell_run.run(resumed, workspace, "train", OVERRIDES, sweep_of(workspace))
    assert client.get_run(old).info.status == "KILLED"
    assert RunRecord.read(workspace.run_file).run_id != old


def test_stages_log_into_the_run_that_is_open(config, workspace, client):
    run_id = Tracker(workspace, "grid").begin("open", {})
    RunRecord(RUNNING, run_id, "grid").write(workspace.run_file)
    with training_run(config, workspace) as (tracker, given):
        assert (given, tracker.experiment) == (run_id, "grid")
    with evaluation_run(config, workspace, "b1") as (tracker, given):
        assert (given, tracker.experiment) == (run_id, "grid")
    assert client.get_run(run_id).info.status == "RUNNING"


def test_without_a_shell_run_training_opens_a_run_and_evaluation_finds_it(config, workspace, client):
    with training_run(config, workspace) as (tracker, run_id):
        assert client.get_run(run_id).info.status == "RUNNING"
        tracker.tag(run_id, bundle="b2")
    with evaluation_run(config, workspace, "b2") as (_, given):
        assert given == run_id
    run = client.get_run(run_id)
    assert (run.info.status, run.data.params["trainer.seed"]) == ("FINISHED", "3")


@pytest.mark.parametrize(
    ("setting", "alone", "in_sweep"), [("all", True, True), ("best", True, False), ("none", False, False)]
)
def test_when_a_bundle_is_logged(workspace, setting, alone, in_sweep):
    assert logs_bundle_at_once(setting, workspace) == alone
    RunRecord(RUNNING, "r", "grid").write(workspace.run_file)
    assert logs_bundle_at_once(setting, workspace) == alone
    RunRecord(RUNNING, "r", "grid", parent="p").write(workspace.run_file)
    assert logs_bundle_at_once(setting, workspace) == in_sweep
