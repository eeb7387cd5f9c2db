"""A sweep of hand-made jobs, as folders and in MLflow; and a checkout for real ones."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml

from earmark.experiments.sweep.folder import Sweep
from earmark.foundation.workspace import Workspace
from earmark.music.sources.choice import use_csv
from earmark.pipeline.tracking.run_record import FINISHED, RunRecord
from earmark.pipeline.tracking.tracker import Tracker

PROJECT = Path(__file__).parents[3]
SMALL = [
    *("audio.sample_rate=8000", "render.synth_rate=8000", "validate.min_duration_s=1.0"),
    *("features.n_fft=1024", "features.win_length=1024", "features.hop_length=512", "features.n_mels=32"),
    *("features.f_max_hz=4000", "dataset.clip_s=2", "dataset.evaluation_hop_s=2"),
    *("dataset.max_masked_bands=4", "sampler.works_per_class=2", "sampler.batches_per_epoch=1"),
    *("trainer=cpu", "trainer.max_epochs=1", "trainer.threads=1", "evaluate.resamples=20"),
]
# Notes in a file, in any process, the kind of each entry that is computed for the store.
SITE = """
from earmark import store
_fetch = store.Store.fetch
def fetch(self, kind, key, suffix, make):
    def noted(temporary):
        with open({file!r}, "a") as file:
            file.write(kind + "\\n")
        make(temporary)
    return _fetch(self, kind, key, suffix, noted)
store.Store.fetch = fetch
"""


@pytest.fixture
def sweep(tmp_path):
    """Of margins and folds, not yet in MLflow."""
    folder = tmp_path / "runs" / "today" / "noon-sweep"
    overrides = ("experiment=composer", "objective.margin=0.5,1.0", "split.fold=0,1", "trainer.max_epochs=1")
    constant = ("experiment", "trainer.max_epochs")
    made = Sweep(folder, "train", overrides, constant, "songs", "parent", "2026-01-01T12:00:00.000+00:00")
    made.write()
    return made


@pytest.fixture
def tracked(sweep, tmp_path, monkeypatch):
    """The same with a run of its own in MLflow; and the tracker."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    tracker = Tracker(Workspace.at(tmp_path), "songs")
    made = replace(sweep, parent=tracker.begin("sweep", {}))
    made.write()
    return made, tracker


VERDICT_COLUMNS = "piece_id,label,group,role,split,nearest_label"


@pytest.fixture
def write_job():
    """Write a job's folder. pieces: (piece_id, work, label, nearest_label) of the test."""

    def write(
        sweep, number, margin, fold, pieces=(), score=0.5, metrics=None, resamples=20, seed=0, **record
    ):
        folder = sweep.folder / str(number)
        workspace = Workspace.at(folder)
        overrides = (
            *("experiment=composer", f"objective.margin={margin}", f"split.fold={fold}"),
            "trainer.max_epochs=1",
        )
        fields = {
            **{"status": FINISHED, "run_id": f"r{number}", "experiment": "songs", "parent": sweep.parent},
            **{"overrides": overrides, "score": score, "log_bundle": "best"},
        }
        RunRecord(**{**fields, **record}).write(workspace.run_file)
        for path in (workspace.data, workspace.metrics, workspace.models):
            path.mkdir(parents=True)
        settings = {
            "data": {"labels": []},
            "evaluate": {"resamples": resamples, "seed": seed},
            "split": {"fold": fold},
        }
        workspace.params.write_text(json.dumps(settings))
        workspace.pieces.write_text(
            "\n".join(["piece_id,group", *(f"{name},{work}" for name, work, _, _ in pieces)]) + "\n"
        )
        rows = [f"{name},{label},{work},known,test,{nearest}" for name, work, label, nearest in pieces]
        workspace.verdicts.write_text("\n".join([VERDICT_COLUMNS, *rows, "x,Ash,x,known,train,Ash"]) + "\n")
        right = sum(label == nearest for _, _, label, nearest in pieces) / max(len(pieces), 1)
        metrics = {"closed_set": {"balanced_accuracy": {"value": right}}} | (metrics or {})
        (workspace.metrics / "evaluate.json").write_text(json.dumps(metrics))
        (workspace.models / "bundle.yaml").write_text(f"job: {number}\n")
        return workspace

    return write


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
        # A session for each: workers that outlive a killed script end with its group.
        started.append(
            subprocess.Popen(command, cwd=checkout, env=environment, start_new_session=True, **pipes)
        )
        return started[-1]

    yield run
    for process in started:
        with suppress(ProcessLookupError):  # it has ended, and so have its workers
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def train(start):
    """Run it to its end: status, standard output, standard error."""

    def run(*arguments):
        process = start(*arguments)
        out, err = process.communicate(timeout=1800)
        return process.returncode, out, err

    return run
