"""A search over the tiny corpus: killed in its second trial, it goes on with the same command."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
import yaml
from mlflow.tracking import MlflowClient

PROJECT = Path(__file__).parents[2]
OURS = ("HYDRA_FULL_ERROR", "MLFLOW_TRACKING_URI")


@pytest.fixture
def checkout(project, tmp_path, small_overrides):
    shutil.copytree(project / "conf", tmp_path / "conf")
    shutil.copytree(PROJECT / "stages", tmp_path / "stages", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(project / "data" / "source", tmp_path / "data" / "source", symlinks=True)
    (tmp_path / "dvc.yaml").touch()
    overrides = [*small_overrides, "tracking.experiment=searched"]
    (tmp_path / "overrides.yaml").write_text(yaml.safe_dump({"overrides": overrides}))
    return tmp_path


@pytest.mark.slow
def test_a_search_of_the_tiny_corpus_survives_a_kill(checkout, finished, project):
    environment = {
        # MLflow sets its address for processes that this one starts.
        **{name: value for name, value in os.environ.items() if name not in OURS},
        "PYTHONPATH": str(PROJECT / "src"),
        "EARMARK_STORE": str(project / "store1"),
    }

    def start(*more):
        command = [sys.executable, "stages/train.py", "-m", "hydra/sweeper=optuna"]
        command += ["hydra.sweeper.n_trials=3", "model.dropout=interval(0,0.5)", *more]
        with (checkout / "log.txt").open("a") as log:
            return subprocess.Popen(
                command, cwd=checkout, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def said():
        return (checkout / "log.txt").read_text()

    process, deadline = start(), time.monotonic() + 600
    while said().count("epoch 1/2") < 2:
        assert process.poll() is None, said()
        assert time.monotonic() < deadline, said()
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert start("sweep.resume=true").wait(timeout=900) == 0, said()
    assert "search: trial 1 was killed; it is tried again" in said()

    storage = f"sqlite:///{checkout / 'runs' / 'optuna.db'}"
    (name,) = optuna.get_all_study_names(storage)
    trials = optuna.load_study(study_name=name, storage=storage).trials
    assert [trial.state.name for trial in trials] == ["COMPLETE", "FAIL", "COMPLETE", "COMPLETE"]
    assert trials[2].params == trials[1].params
    assert all(0 <= trial.value <= 1 for trial in trials if trial.value is not None)

    client = MlflowClient(f"sqlite:///{checkout / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("searched").experiment_id
    runs = client.search_runs([experiment], "attributes.status = 'FINISHED'")
    tagged = [json.loads(run.data.tags["earmark.overrides"]) for run in runs if run.data.params]
    tried = sorted(
        f"model.dropout={trial.params['model.dropout']}" for trial in trials if trial.value is not None
    )
    assert sorted(overrides[-1] for overrides in tagged) == tried
    # One sweep in MLflow, which knows that the killed trial's run ended.
    children = [run for run in client.search_runs([experiment]) if "mlflow.parentRunId" in run.data.tags]
    assert len({run.data.tags["mlflow.parentRunId"] for run in children}) == 1
    assert sorted(run.info.status for run in children) == ["FINISHED", "FINISHED", "FINISHED", "KILLED"]
    assert len(list((checkout / "runs").rglob("sweep.json"))) == 1
