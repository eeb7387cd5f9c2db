"""Sweeps started from a shell: processes, kills and a database that are real."""

import json
import signal
import time
from collections import Counter

import pytest
from mlflow.tracking import MlflowClient

from earmark.experiments.sweep.folder import Sweep
from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.open_runs import tidy
from earmark.pipeline.tracking.run_record import RunRecord


@pytest.fixture
def client(checkout):
    return lambda: MlflowClient(f"sqlite:///{checkout / 'mlflow.db'}")


def sweep_of(checkout):
    (file,) = checkout.glob("runs/*/*/sweep.json")
    return Sweep.read(file.parent)


def runs_of(client, sweep):
    experiment = client.get_experiment_by_name(sweep.experiment)
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
    return [run for run in runs if run.info.run_id != sweep.parent]


def test_jobs_that_fail_in_their_check_are_failed_runs(train, checkout, client):
    status, _, err = train("-m", "split.fold=7,8", "trainer.seed=3")
    assert status == 1
    lines = err.splitlines()
    assert lines[:2] == [
        "train: job 0 (split.fold=7) failed: split.fold=7: must lie within 0 and 4",
        "train: job 1 (split.fold=8) failed: split.fold=8: must lie within 0 and 4",
    ]
    assert lines[2].startswith("train: error: 2 of 2 jobs failed; ")
    assert len(lines) == 3
    sweep = sweep_of(checkout)
    runs = runs_of(client(), sweep)
    assert [(run.info.run_name, run.info.status) for run in runs] == [
        *(("split.fold=7", "FAILED"), ("split.fold=8", "FAILED"))
    ]
    for run in runs:
        assert run.data.tags["mlflow.parentRunId"] == sweep.parent
        assert "must lie within 0 and 4" in run.data.tags["earmark.error"]
        assert json.loads(run.data.tags["earmark.overrides"])[-1] == "trainer.seed=3"
        assert run.data.params["trainer.seed"] == "3"
    parent = client().get_run(sweep.parent)
    assert (parent.info.status, parent.info.run_name) == ("FAILED", "sweep: split.fold=7,8")
    assert {path.name for path in checkout.iterdir()} == {
        *("conf", "stages", "overrides.yaml", "dvc.yaml", "data", "runs", "mlflow.db", ".mlflow.lock"),
        "mlartifacts",
    }


@pytest.mark.slow
def test_a_killed_sweep_goes_on_where_it_was(start, train, checkout, client):
    arguments = ("-m", "split.fold=0,1,7")
    process = start(*arguments)
    records = {}

    def status(job):
        (folder,) = checkout.glob("runs/*/*-sweep") or [checkout]
        record = RunRecord.read(folder / job / "run.json")
        records[job] = record
        return record and record.status

    while not list(checkout.glob("runs/*/*-sweep")) or status("1") != "RUNNING":
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert (status("0"), status("1")) == ("FINISHED", "RUNNING")
    first, killed = records["0"], records["1"]
    sweep = sweep_of(checkout)
    models = (sweep.folder / "0" / "models" / "bundle.yaml").stat().st_mtime_ns
    code, out, err = train(*arguments, "sweep.resume=true")
    assert code == 1  # fold 7 does not exist
    assert "train: job 2 (split.fold=7) failed" in err
    assert f"train: split.fold=0 is finished, score {first.score}" in out
    assert sweep_of(checkout) == sweep
    assert RunRecord.read(sweep.folder / "0" / "run.json").run_id == first.run_id
    assert (sweep.folder / "0" / "models" / "bundle.yaml").stat().st_mtime_ns == models
    statuses = {run.info.run_id: run.info.status for run in runs_of(client(), sweep)}
    assert statuses.pop(killed.run_id) == "KILLED"
    assert statuses.pop(first.run_id) == "FINISHED"
    assert sorted(statuses.values()) == ["FAILED", "FINISHED"]
    assert client().get_run(sweep.parent).info.status == "FINISHED"
    (row,) = json.loads((sweep.folder / "aggregate" / "aggregate.json").read_text())
    assert (row["configuration"], row["jobs"], row["works"]) == ("default", "0 1", 4)


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_jobs_side_by_side_compute_everything_once(train, checkout, client, tmp_path, launcher):
    limits = {"joblib": ["hydra.launcher.n_jobs=2"], "submitit_local": ["executor.workers=1"]}
    code, out, err = train(
        *("-m", f"hydra/launcher={launcher}", *limits[launcher]),
        *("model.embedding=8,16", "audio.sample_rate=8000,16000"),
    )
    assert (code, err) == (0, "")
    # 10 pieces at two rates; what was recorded is taken in once.
    made = Counter((tmp_path / "made.txt").read_text().split())
    assert (made["audio"], made["features"]) == (20, 20)
    assert len(list((checkout / ".cache" / "features").glob("*/*.npy"))) == 20
    sweep = sweep_of(checkout)
    runs = runs_of(client(), sweep)
    assert [run.info.status for run in runs] == ["FINISHED"] * 4
    assert {run.info.run_name for run in runs} == {
        f"model.embedding={size}, audio.sample_rate={rate}" for size in (8, 16) for rate in (8000, 16000)
    }
    assert {run.data.tags["mlflow.parentRunId"] for run in runs} == {sweep.parent}
    assert all(run.data.tags["earmark.data"] for run in runs)
    (best,) = [run for run in runs if client().list_artifacts(run.info.run_id, "bundle")]
    assert best.info.run_name == client().get_run(sweep.parent).data.tags["earmark.best"]
    assert best.info.run_name + " *" in out
    assert {path.name for path in checkout.iterdir()} == {
        *("conf", "stages", "overrides.yaml", "dvc.yaml", "data", "runs", "mlflow.db", ".mlflow.lock"),
        *("mlartifacts", ".cache"),
    }
    assert [path.name for path in (checkout / "data").iterdir()] == ["source"]


def test_a_sweep_is_resumed_by_one_process_at_a_time(start, train, checkout, client, wait_until):
    arguments = ("-m", "split.fold=0,1", "executor.workers=1")
    first = start(*arguments)
    wait_until(lambda: list(checkout.glob("runs/*/*/0/run.json")) or first.poll() is not None)
    before = sweep_of(checkout)
    status, out, err = train(*arguments, "sweep.resume=true")
    assert (status, out) == (1, "")
    assert err == f"train: error: another process runs the sweep in {before.folder}: " + (
        "let it end, or end it; what it did is kept\n"
    )
    assert first.poll() is None
    assert sweep_of(checkout) == before
    assert client().get_run(before.parent).info.status == "RUNNING"


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_run_that_is_told_to_end_is_killed_in_mlflow(start, checkout, client, wait_until, kind):
    process = start("hydra.run.dir=runs/one", "executor.workers=1")
    file = checkout / "runs" / "one" / "run.json"
    wait_until(lambda: file.is_file() or process.poll() is not None)
    process.send_signal(kind)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (-9 if kind == signal.SIGKILL else 130, "")
    if kind == signal.SIGKILL:  # whoever looks next ends it
        tidy(Workspace.at(checkout))
    assert client().get_run(RunRecord.read(file).run_id).info.status == "KILLED"
