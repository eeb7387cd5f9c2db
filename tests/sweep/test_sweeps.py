"""Sweeps as a shell starts them: real processes, real kills, a real database."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml
from mlflow.tracking import MlflowClient

from earmark.run_record import RunRecord
from earmark.sources.choice import use_csv
from earmark.sweep.folder import Sweep

PROJECT = Path(__file__).parents[2]
SMALL = [
    *("audio.sample_rate=8000", "render.synth_rate=8000", "validate.min_duration_s=1.0"),
    *("features.n_fft=1024", "features.win_length=1024", "features.hop_length=512", "features.n_mels=32"),
    *("features.f_max_hz=4000", "dataset.clip_s=2", "dataset.evaluation_hop_s=2"),
    *("dataset.max_masked_bands=4", "sampler.works_per_class=2", "sampler.batches_per_epoch=1"),
    *("trainer=cpu", "trainer.max_epochs=1", "trainer.threads=1", "evaluate.resamples=20"),
]
# Counts in a file what is computed for the store, in any process.
SITE = """
from earmark import store
_make = store.Store._make
def make(self, function, temporary):
    with open({file!r}, "a") as file:
        file.write(temporary.parent.parent.name + "\\n")
    _make(self, function, temporary)
store.Store._make = make
"""


@pytest.fixture
def checkout(tmp_path):
    """Two labels of five recorded works each, and the scripts."""
    folder = tmp_path / "checkout"
    for name in ("conf", "stages"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "overrides.yaml").write_text(yaml.safe_dump({"overrides": SMALL}))
    (folder / "dvc.yaml").touch()
    music, rows = tmp_path / "music", ["path,label,group"]
    music.mkdir()
    for number in range(10):
        label, hz = (("Ash", 200), ("Birch", 900))[number % 2]
        time_s = np.arange(4 * 8000) / 8000
        sound = 0.3 * np.sin(2 * np.pi * (hz + 20 * number) * time_s)
        soundfile.write(music / f"{number}.wav", sound, 8000)
        rows.append(f"{number}.wav,{label},work {number}")
    (music / "catalog.csv").write_text("\n".join(rows) + "\n")
    use_csv(folder / "data" / "source", music / "catalog.csv")
    return folder


@pytest.fixture
def start(checkout, tmp_path):
    """Start a stage script in the checkout; killed at the end of the test where it still runs."""
    started = []

    def run(*arguments):
        kept = ("HYDRA_FULL_ERROR", "MLFLOW_TRACKING_URI", "EARMARK_STORE")
        environment = {name: value for name, value in os.environ.items() if name not in kept}
        site = tmp_path / "site"
        site.mkdir(exist_ok=True)
        (site / "sitecustomize.py").write_text(SITE.format(file=str(tmp_path / "made.txt")))
        environment["PYTHONPATH"] = os.pathsep.join([str(site), str(PROJECT / "src")])
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        command = [sys.executable, "stages/train.py", *arguments]
        started.append(subprocess.Popen(command, cwd=checkout, env=environment, **pipes))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def train(start):
    """Run it to its end: status, standard output, standard error."""

    def run(*arguments):
        process = start(*arguments)
        out, err = process.communicate(timeout=1800)
        return process.returncode, out, err

    return run


@pytest.fixture
def client(checkout):
    return lambda: MlflowClient(f"sqlite:///{checkout / 'mlflow.db'}")


def sweep_of(checkout):
    (file,) = checkout.glob("runs/*/*/sweep.json")
    return Sweep.read(file.parent)


def runs_of(client, sweep):
    experiment = client.get_experiment_by_name(sweep.experiment)
    found = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
    return [run for run in found if run.info.run_id != sweep.parent]


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
