"""A sweep whose jobs nobody ran: folders as jobs leave them, and real runs in MLflow."""

import json
from dataclasses import replace

import pytest

from earmark.run_record import FINISHED, RunRecord
from earmark.sweep.folder import Sweep
from earmark.tracking import Tracker
from earmark.workspace import Workspace


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


@pytest.fixture
def write_job():
    """Write a job's folder: (piece_id, work, label, nearest_label) of its test pieces."""

    def write(sweep, number, margin, fold, pieces=(), score=0.5, **record):
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
        settings = {"data": {"labels": []}, "evaluate": {"resamples": 20, "seed": 0}}
        workspace.params.write_text(json.dumps(settings))
        workspace.pieces.write_text(
            "\n".join(["piece_id,group", *(f"{name},{work}" for name, work, _, _ in pieces)]) + "\n"
        )
        rows = [f"{name},{label},known,test,{said}" for name, _, label, said in pieces]
        workspace.verdicts.write_text(
            "\n".join(["piece_id,label,role,split,nearest_label", *rows, "x,Ash,known,train,Ash"]) + "\n"
        )
        right = sum(label == said for _, _, label, said in pieces) / max(len(pieces), 1)
        found = {"closed_set": {"balanced_accuracy": {"value": right}}}
        (workspace.metrics / "evaluate.json").write_text(json.dumps(found))
        (workspace.models / "bundle.yaml").write_text(f"job: {number}\n")
        return workspace

    return write
