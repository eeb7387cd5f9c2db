"""The end of a sweep: files, MLflow, the table on the screen, and failed jobs."""

import json

import pytest

from earmark.experiments.sweep.summing_up import finish, metric_name
from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import read_table
from earmark.pipeline.tracking.provenance import data_hash
from earmark.pipeline.tracking.run_record import FAILED, KILLED, RUNNING, RunRecord

RIGHT = [("a", "A", "Ash", "Ash"), ("b", "B", "Birch", "Birch")]
WRONG = [("c", "C", "Ash", "Birch"), ("d", "D", "Birch", "Birch")]


@pytest.fixture
def swept(tracked, write_job):
    """Two margins on two folds, the second margin better on validation; all in MLflow."""
    sweep, tracker = tracked
    runs = [tracker.begin(str(number), {}) for number in range(4)]
    for number, (margin, fold, pieces, score) in enumerate(
        [(0.5, 0, RIGHT, 0.6), (0.5, 1, WRONG, 0.6), (1.0, 0, RIGHT, 0.9), (1.0, 1, RIGHT[:1], 0.9)]
    ):
        write_job(sweep, number, margin, fold, pieces, score, run_id=runs[number])
    return sweep, tracker, runs


def names(tracker, run_id, folder=None):
    return {item.path for item in tracker.client.list_artifacts(run_id, folder)}


def test_a_finished_sweep_is_summed_up(swept, tmp_path, capsys):
    sweep, tracker, _ = swept
    finish(sweep, tmp_path, None)
    run = tracker.client.get_run(sweep.parent)
    assert run.info.status == "FINISHED"
    assert "earmark.error" not in run.data.tags
    assert run.data.tags["earmark.best"] == "objective.margin=1.0"
    # Their tables of pieces differ in this test; in a real sweep that varies no data they are one.
    hashes = [data_hash(Workspace.at(sweep.folder / name).pieces) for name in "0123"]
    assert run.data.tags["earmark.data"] == " ".join(dict.fromkeys(hashes))
    assert run.data.metrics["best/validation"] == run.data.metrics["objective.margin:1.0/validation"] == 0.9
    assert run.data.metrics["objective.margin:0.5/mean"] == 0.75
    assert run.data.metrics["objective.margin:0.5/pooled"] == 0.75
    folder = sweep.folder / "aggregate"
    files = {"aggregate.csv", "aggregate.json"} | {
        f"confusion_{n}.{kind}" for n in (0, 1) for kind in ("csv", "png")
    }
    assert {path.name for path in folder.iterdir()} == files
    assert names(tracker, sweep.parent, "aggregate") == {f"aggregate/{name}" for name in files}
    table = read_table(folder / "aggregate.csv")
    assert list(table.configuration) == ["objective.margin=0.5", "objective.margin=1.0"]
    assert list(table.folds) == ["2", "2"]
    assert list(table.jobs) == ["0 1", "2 3"]
    assert [row["best"] for row in json.loads((folder / "aggregate.json").read_text())] == [False, True]
    matrix = read_table(folder / "confusion_0.csv")
    assert matrix.to_numpy().tolist() == [["Ash", "1", "1"], ["Birch", "0", "2"]]
    output = capsys.readouterr().out
    lines = output.splitlines()
    (best,) = (line for line in lines if "objective.margin=1.0" in line)
    (other,) = (line for line in lines if "objective.margin=0.5" in line)
    assert best.split()[:3] == ["*", "objective.margin=1.0", "2"]
    assert lines.index(best) < lines.index(other)
    assert max(map(len, (best, other))) <= 80
    assert f"MLflow: {tracker.page(sweep.parent)}" in lines
    assert "test: balanced accuracy" in lines
    assert "tie" not in output


def test_configurations_of_equal_validation_scores_tie(tracked, write_job, tmp_path, capsys):
    sweep, tracker = tracked
    for number, margin in enumerate((0.5, 1.0, 2.0)):
        score = 0.5 if margin == 2.0 else 0.9
        write_job(sweep, number, margin, 0, RIGHT, score, run_id=tracker.begin(str(number), {}))
    finish(sweep, tmp_path, None)
    tie = "tie by validation: objective.margin=0.5; objective.margin=1.0; the first of them has the star"
    assert tie in capsys.readouterr().out.splitlines()


def test_bundles_of_the_best_configuration_alone_are_logged(swept, tmp_path):
    sweep, tracker, runs = swept
    finish(sweep, tmp_path, None)
    assert [names(tracker, run_id) for run_id in runs] == [set(), set(), {"bundle"}, {"bundle"}]
    assert names(tracker, runs[2], "bundle") == {"bundle/bundle.yaml"}


def test_no_bundle_is_logged_where_none_is_wanted(tracked, write_job, tmp_path):
    sweep, tracker = tracked
    run_id = tracker.begin("0", {})
    write_job(sweep, 0, 0.5, 0, RIGHT, run_id=run_id, log_bundle="none")
    finish(sweep, tmp_path, None)
    assert names(tracker, run_id) == set()


def test_failed_jobs_are_named_and_the_rest_is_summed_up(swept, write_job, tmp_path, capsys):
    sweep, tracker, _ = swept
    write_job(sweep, 4, 2.0, 0, status=FAILED, error="no space left", score=None)
    with pytest.raises(EarmarkError, match=r"^1 of 5 jobs failed; .* sweep\.resume=true"):
        finish(sweep, tmp_path, None)
    line = "train: job 4 (objective.margin=2.0, split.fold=0) failed: no space left\n"
    assert capsys.readouterr().err == line
    run = tracker.client.get_run(sweep.parent)
    assert (run.info.status, run.data.tags["earmark.error"]) == ("FINISHED", "1 of 5 jobs failed")
    assert len(read_table(sweep.folder / "aggregate" / "aggregate.csv")) == 2


def test_where_every_job_failed_so_did_the_sweep(tracked, write_job, tmp_path):
    sweep, tracker = tracked
    write_job(sweep, 0, 2.0, 0, status=FAILED, error="no space left", score=None)
    with pytest.raises(EarmarkError, match="1 of 1 jobs failed"):
        finish(sweep, tmp_path, None)
    assert tracker.client.get_run(sweep.parent).info.status == "FAILED"
    assert not (sweep.folder / "aggregate").exists()


def test_an_interrupted_sweep_is_killed_and_so_are_jobs_that_ran(swept, write_job, tmp_path, capsys):
    sweep, tracker, _ = swept
    running = tracker.begin("4", {})
    workspace = write_job(sweep, 4, 2.0, 0, status=RUNNING, run_id=running, score=None)
    finish(sweep, tmp_path, KeyboardInterrupt())
    assert tracker.client.get_run(sweep.parent).info.status == "KILLED"
    assert tracker.client.get_run(running).info.status == "KILLED"
    assert RunRecord.read(workspace.run_file).status == KILLED
    assert "4 jobs are finished; the same command with sweep.resume=true goes on" in capsys.readouterr().out


def test_what_ended_the_sweep_is_in_its_tag(swept, tmp_path):
    sweep, tracker, _ = swept
    finish(sweep, tmp_path, RuntimeError("a worker died"))
    run = tracker.client.get_run(sweep.parent)
    assert (run.info.status, run.data.tags["earmark.error"]) == ("FAILED", "RuntimeError: a worker died")


@pytest.mark.parametrize(
    ("configuration", "name"),
    [
        ("model=a, x.y=1", "model:a x.y:1"),
        ("data.merge={a: [b]}", "data.merge:_a: _b__"),
        ("default", "default"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_configuration_in_letters_that_mlflow_allows(configuration, name):
    assert metric_name(configuration) == name
