"""The command on a real MLflow database."""

import csv
import io
import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from earmark.apps.cli import app
from earmark.evaluation.metric_table import BALANCED_ACCURACY
from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.tracker import Tracker

LABELS = ["Ash", "Birch"]


def log(tracker, folder, name, validation, right, fold="0", status="good"):
    """A run as the stages leave it: with verdicts on a piece for each letter of `right`."""
    tags = {"earmark.monitored": "validation/retrieval", "earmark.data": f"d-{fold}"}
    config = {"split": {"fold": fold}, "trainer": {"seed": name.partition(",")[0]}}
    try:
        with tracker.run(name, tags) as run_id:
            tracker.log_config(run_id, config, json.dumps(config))
            if status == "failed":
                raise ValueError("no")
            metrics = {"score": validation, "duration_s": 7 + validation, "parameters": 1234}
            tracker.log_metrics(run_id, {"train": metrics})
            if status == "unjudged":
                return run_id
            value = right.count("+") / len(right)
            scores = {"value": value, "low": value - 0.125, "high": value + 0.0625}
            tracker.log_metrics(run_id, {"closed_set": {"balanced_accuracy": scores}})
            tracker.log_metrics(run_id, {"selective": {"risk": {"value": 0.75}}})
            rows = [
                (f"p{fold}{index}", LABELS[index % 2], LABELS[(index + (sign == "-")) % 2], f"w{fold}{index}")
                for index, sign in enumerate(right)
            ]
            table = pd.DataFrame(rows, columns=["piece_id", "label", "nearest_label", "group"])
            table.assign(role="known", split="test").to_csv(folder / "verdicts.csv", index=False)
            tracker.log_files(run_id, "evaluation", folder / "verdicts.csv")
    except ValueError:
        pass
    return run_id


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    project = tmp_path_factory.mktemp("checkout")
    (project / "conf").mkdir()
    (project / "dvc.yaml").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        tracker = Tracker(Workspace.at(project), "songs")
        log(tracker, project, "seed=1, split.fold=0", 0.75, "++++++--", "0")
        log(tracker, project, "seed=1, split.fold=1", 0.5, "++++++++", "1")
        log(tracker, project, "seed=2", 0.875, "++++++++")
        log(tracker, project, "seed=3", 0.5, "------++")
        log(tracker, project, "seed=4", 0.5, "", status="failed")
        log(tracker, project, "seed=5", 0.5, "", status="unjudged")
    return project


@pytest.fixture
def board(checkout, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(checkout)
    return lambda *arguments: CliRunner().invoke(app, ["leaderboard", *map(str, arguments)])


def test_a_table_of_systems_and_what_was_left_out(board):
    done = board("-e", "songs")
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"songs: {BALANCED_ACCURACY.name} of the test; sorted by validation" in done.stdout
    lines = done.stdout.splitlines()
    first, second, third = (
        next(line.split() for line in lines if f"seed={seed}" in line) for seed in (2, 1, 3)
    )
    assert first[:9] == ["1", "seed=2", "0", "1.000", "1.000–1.000", "best", "0.875", "8", "s"]
    assert second[:4] == ["2", "seed=1", "0,1", "0.875"]
    # 6 of 8 works differ, all one way: 2 of 64 patterns.
    assert (third[0], third[5]) == ("3", "0.031")
    assert all(len(line.rstrip()) <= 80 for line in lines if "seed=" in line)
    assert "the test does not tell" not in done.stdout
    assert "tie" not in done.stdout
    assert "no test for 2: their test pieces are others than those of the best" in done.stdout
    assert "left out: 1 without an evaluation, 1 failed" in done.stdout


@pytest.fixture(scope="module")
def alike(tmp_path_factory):
    """Three runs of long names, two with equal validation scores; one test piece of eight differs."""
    project = tmp_path_factory.mktemp("checkout")
    (project / "conf").mkdir()
    (project / "dvc.yaml").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        tracker = Tracker(Workspace.at(project), "songs")
        more = "trainer.optimizer.weight_decay=0.0086632797613, experiment=composer, trainer.max_epochs=2"
        log(tracker, project, f"trainer.optimizer.lr=0.1, {more}", 0.75, "+++++++-")
        log(tracker, project, f"trainer.optimizer.lr=0.2, {more}", 0.75, "++++++++")
        log(tracker, project, f"trainer.optimizer.lr=0.3, {more}, x=1", 0.5, "++++++--")
    return project


def test_at_80_columns_what_all_rows_share_stands_once_and_ties_are_said(alike, board, monkeypatch):
    monkeypatch.chdir(alike)
    done = board("-e", "songs")
    lines = done.stdout.splitlines()
    shared = "trainer.optimizer.weight_decay=0.008663, experiment=composer, trainer.max_epochs=2"
    assert lines[1] == f"all rows: {shared}"
    assert done.stdout.count("weight_decay") == 1
    assert max(map(len, lines[2:])) <= 80
    assert "1, 2 tie: their validation scores are equal" in lines
    assert "the test does not tell 2, 3 from 1 (p is 0.05 or more)" in lines
    assert json.loads(board("-e", "songs", "--json").stdout)["shared"][1:] == [
        "experiment=composer",
        "trainer.max_epochs=2",
    ]


def test_as_json_and_csv_for_programs(board):
    done = board("-e", "songs", "--json")
    parsed = json.loads(done.stdout)
    assert [row["name"] for row in parsed["rows"]] == ["seed=2", "seed=1", "seed=3"]
    assert parsed["rows"][2]["p"] == 2 / 64
    assert parsed["rows"][1]["folds"] == ["0", "1"]
    assert len(parsed["rows"][1]["runs"]) == 2
    assert "left out: 1 without" in done.stderr
    rows = list(csv.DictReader(io.StringIO(board("-e", "songs", "--csv").stdout)))
    assert [float(row["value"]) for row in rows] == [1.0, 0.875, 0.25]
    assert (rows[0]["p"], rows[1]["folds"]) == ("", "0 1")
    assert board("--json", "--csv").exit_code == 2


def test_top_metric_and_order(board):
    parsed = json.loads(board("-e", "songs", "--json", "-n", "1", "--sort", "test").stdout)
    assert [row["name"] for row in parsed["rows"]] == ["seed=2"]
    assert "chosen by the test" in parsed["notes"][0]
    assert "2 more rows: --top 3" in board("-e", "songs", "-n", "1").stdout
    parsed = json.loads(board("-e", "songs", "--json", "-m", "selective.risk").stdout)
    assert [(row["value"], row["p"]) for row in parsed["rows"]] == [(0.75, None)] * 3
    assert "no test for 2, 3: the metric cannot be computed from their verdicts" in parsed["notes"]


@pytest.mark.parametrize("cost", ["seconds", "parameters"])
def test_a_picture_of_metric_against_cost(board, tmp_path, cost):
    done = board("-e", "songs", "--plot", tmp_path / "cost.png", "--cost", cost)
    assert done.exit_code == 0
    assert (tmp_path / "cost.png").read_bytes().startswith(b"\x89PNG")
    assert "3 of 3 rows" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-e", "songz"], "no experiment songz in sqlite:"),
        (["-e", "songs", "-m", "open_set.aurok"], "has the metric open_set.aurok; there are closed_set."),
        (["-e", "songs", "--plot", "/dev/null/cost.png"], "cannot write /dev/null/cost.png"),
        (["-e", "Default"], "no evaluated run in the experiment Default"),
    ],
)
def test_mistakes_are_one_line(board, arguments, message):
    done = board(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--sort", "luck"], ["--cost", "money"], ["--top", "0"]])
def test_what_there_is_not_is_a_usage_error(board, arguments):
    assert board(*arguments).exit_code == 2


def test_looking_makes_no_database(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "conf").mkdir()
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["leaderboard", "-e", "songs"])
    assert "no run was kept in this project yet" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conf", "dvc.yaml"]
