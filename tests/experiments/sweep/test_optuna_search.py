"""`hydra/sweeper=optuna` through Hydra's own multirun, on a task that costs nothing."""

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
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf

from earmark.experiments.sweep.optuna_search import search
from earmark.foundation.errors import EarmarkError
from hydra_plugins.earmark_optuna.sweeper import OptunaSweeper

PROJECT = Path(__file__).parents[3]
# The score is best at x = 0.3; the job notes that it ran, and dies or fails where it is told to.
APP = """
import json, os, signal, time
from pathlib import Path
import hydra
from hydra.core.hydra_config import HydraConfig

@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def task(cfg):
    number = HydraConfig.get().job.num
    with Path("ran.jsonl").open("a") as file:
        file.write(json.dumps({"number": number, "x": cfg.x, "n": cfg.n, "kind": cfg.kind}) + "\\n")
    if cfg.wait_at == number and not Path("waiting").exists():
        Path("waiting").touch()
        time.sleep(300)
    if cfg.kind == "bad":
        raise RuntimeError("no such kind")
    return None if cfg.kind == "none" else -(cfg.x - 0.3) ** 2

if __name__ == "__main__":
    task()
"""


@pytest.fixture
def app(tmp_path):
    shutil.copytree(PROJECT / "conf" / "hydra", tmp_path / "conf" / "hydra")
    config = {
        **{"x": 0.0, "n": 1, "kind": "good", "wait_at": -1},
        "hydra": {"sweep": {"dir": "runs/${now:%H-%M-%S-%f}", "subdir": "${hydra.job.num}"}},
    }
    (tmp_path / "conf" / "config.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


@pytest.fixture
def sweep(app):
    """Start the app's multirun with a search; the finished process, or the running one."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "src"), "HYDRA_FULL_ERROR": "1"}

    def run(*overrides, trials=4, wait=True):
        command = [sys.executable, "app.py", "-m", "hydra/sweeper=optuna", f"hydra.sweeper.n_trials={trials}"]
        process = subprocess.Popen(
            [*command, *overrides], cwd=app, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        if not wait:
            return process
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    return run


def ran(app):
    return [json.loads(line) for line in (app / "ran.jsonl").read_text().splitlines()]


def studies(app):
    storage = f"sqlite:///{app / 'runs' / 'optuna.db'}"
    return {
        name: optuna.load_study(study_name=name, storage=storage)
        for name in optuna.get_all_study_names(storage)
    }


X = "x=interval(0,1)"


def test_a_search_is_in_its_study_goes_on_and_redoes_nothing(app, sweep):
    done = sweep(X, "n=2")
    assert done.returncode == 0, done.stderr
    (study,) = studies(app).values()
    first = ran(app)
    assert [job["number"] for job in first] == [0, 1, 2, 3]
    assert [trial.params["x"] for trial in study.trials] == [job["x"] for job in first]
    assert [trial.value for trial in study.trials] == [-((job["x"] - 0.3) ** 2) for job in first]
    assert {job["n"] for job in first} == {2}
    (results,) = (yaml.safe_load(file.read_text()) for file in app.rglob("optimization_results.yaml"))
    assert results["best_evaluated_value"] == max(trial.value for trial in study.trials)
    assert results["best_evaluated_params"] == study.best_params

    assert "4 of 4 trials are there" in sweep(X, "n=2").stdout
    assert ran(app) == first
    done = sweep(X, "n=2", trials=6)
    assert "4 of 6 trials are there" in done.stdout
    second = ran(app)
    assert [job["number"] for job in second] == [0, 1, 2, 3, 4, 5]
    assert len({job["x"] for job in second}) == 6  # the random numbers are not those of the beginning

    sweep(X, "n=3", trials=1)  # another question is another study
    assert len(studies(app)) == 2


def test_a_killed_search_goes_on_and_its_killed_trial_is_tried_again(app, sweep):
    process = sweep(X, "wait_at=2", wait=False)
    deadline = time.monotonic() + 120
    while not (app / "waiting").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    busy = sweep(X, "wait_at=2")
    assert busy.returncode != 0
    assert "another process works on the study" in busy.stderr
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = ran(app)

    done = sweep(X, "wait_at=2")
    assert done.returncode == 0, done.stderr
    assert "trial 2 was killed; it is tried again" in done.stdout
    after = ran(app)
    assert after[:3] == before
    assert [job["number"] for job in after] == [0, 1, 2, 2, 4]
    assert after[3]["x"] == before[2]["x"]
    (study,) = studies(app).values()
    assert [trial.state.name for trial in study.trials] == [
        "COMPLETE",
        "COMPLETE",
        "FAIL",
        "COMPLETE",
        "COMPLETE",
    ]


def test_a_failed_trial_does_not_stop_the_search(app, sweep):
    done = sweep("kind=good,bad", X, trials=6)
    assert done.returncode == 0, done.stderr
    jobs = ran(app)
    assert len(jobs) == 6
    (study,) = studies(app).values()
    states = {job["number"]: "FAIL" if job["kind"] == "bad" else "COMPLETE" for job in jobs}
    assert {trial.number: trial.state.name for trial in study.trials} == states
    assert set(states.values()) == {"FAIL", "COMPLETE"}
    failed = [trial for trial in study.trials if trial.state.name == "FAIL"]
    assert {trial.user_attrs["error"] for trial in failed} == {"RuntimeError: no such kind"}
    assert f"6 trials, {len(failed)} failed" in done.stdout
    sweep("kind=good,bad", X, trials=6)
    assert ran(app) == jobs


@pytest.mark.slow
def test_trials_side_by_side(app, sweep):
    done = sweep(X, "hydra.sweeper.n_jobs=3", "hydra/launcher=joblib", "hydra.launcher.n_jobs=3", trials=5)
    assert done.returncode == 0, done.stderr
    assert sorted(job["number"] for job in ran(app)) == [0, 1, 2, 3, 4]
    (study,) = studies(app).values()
    by_number = {job["number"]: job["x"] for job in ran(app)}
    assert {trial.number: trial.params["x"] for trial in study.trials} == by_number


@pytest.mark.slow
def test_a_study_of_ones_own_name_and_direction(app, sweep):
    named = ("hydra.sweeper.study_name=mine", "hydra.sweeper.direction=minimize")
    assert sweep(X, *named, trials=3).returncode == 0
    study = studies(app)["mine"]
    assert study.best_value == min(trial.value for trial in study.trials)
    done = sweep("x=interval(0,2)", *named)
    assert done.returncode != 0
    assert "is of other overrides, another space or direction" in done.stderr
    assert len(ran(app)) == 3


@pytest.fixture
def search_here(tmp_path):
    """Search in this process, with a launcher that gives `score` of each job's overrides."""

    def run(arguments, score, **changed):
        settings = {
            **{"n_trials": 2, "n_jobs": 1, "direction": "maximize", "study_name": None, "params": {}},
            "storage": str(tmp_path / "optuna.db"),
            "sampler": {"_target_": "optuna.samplers.RandomSampler", "seed": 0},
        }
        sweeper = OptunaSweeper(**settings | changed)
        sweeper.config = OmegaConf.create(
            {"hydra": {"job": {"name": "train"}, "sweep": {"dir": str(tmp_path / "sweep")}}}
        )

        def launch(jobs, first):
            return [JobReturn(status=JobStatus.COMPLETED, _return_value=score(job)) for job in jobs]

        search(sweeper, OverridesParser.create().parse_overrides, arguments, launch)

    return run


@pytest.mark.parametrize(
    ("score", "changed", "message"),
    [
        (None, {}, "there is no score to search by"),
        (float("nan"), {}, "all 2 trials failed, the last: it gave no score"),
        (1.0, {"direction": "up"}, "hydra.sweeper.direction=up: it is maximize or minimize"),
        (1.0, {"n_jobs": 0}, "hydra.sweeper.n_jobs=0: must be 1 or more"),
        (1.0, {"n_trials": "many"}, "hydra.sweeper.n_trials=many: must be 1 or more"),
        (
            1.0,
            {"sampler": {"_target_": "optuna.samplers.TPESampler", "sed": 1}},
            "sampler.sed is not a setting",
        ),
        (1.0, {"storage": "/dev/null/optuna.db"}, "/dev/null"),
    ],
)
def test_what_cannot_be_searched_is_one_line(search_here, score, changed, message):
    with pytest.raises(EarmarkError) as caught:
        search_here([X], lambda _: score, **changed)
    assert message in str(caught.value)


def test_how_a_job_runs_makes_no_other_study(search_here):
    asked = []

    def score(overrides):
        asked.append(overrides)
        return 0.5

    search_here([X, "n=1", "executor.workers=1", "sweep.resume=false"], score)
    assert len(asked) == 2
    search_here(["n=1", X, "executor.workers=2", "sweep.resume=true"], score)
    assert len(asked) == 2
    search_here([X, "n=2"], score)
    assert len(asked) == 4
    assert asked[0][:3] == ["n=1", "executor.workers=1", "sweep.resume=false"]
    assert asked[0][3].startswith("x=0.")
