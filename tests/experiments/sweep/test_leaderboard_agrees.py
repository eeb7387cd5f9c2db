"""A sweep's summary and `earmark leaderboard` give the same figures for the same runs."""

import csv
import io
import json
import random

import pandas as pd
import pytest
from typer.testing import CliRunner

from earmark.apps.cli import app
from earmark.evaluation.metric_table import BALANCED_ACCURACY, EQUAL_ERROR_RATE, KEY_SCORE
from earmark.evaluation.verification import TRIALS_FILE
from earmark.experiments.sweep.summing_up import finish
from earmark.music.catalog import read_table
from earmark.pipeline.tracking.run_name import OVERRIDES_TAG
from earmark.pipeline.tracking.tracker import PARENT_TAG

KEYS = ("C major", "G major", "A minor", "F# minor")
MARGINS, FOLDS, WORKS = ("0.5", "1.0"), ("1", "0"), 6
FIXED = "fixed"  # a piece that every fold tests


def pieces_of(fold, labels, chance):
    """Two pieces of each work of a fold, and the fixed one; a third of the verdicts is drawn at random."""
    rows = []
    for number in range(WORKS):
        label = labels[number % len(labels)]
        for take in "ab":
            nearest = chance.choice(labels) if chance.random() < 1 / 3 else label
            rows.append((f"{fold}-{number}{take}", f"work {fold}-{number}", label, nearest))
    return [*rows, (FIXED, FIXED, labels[0], chance.choice(labels))]


def write_trials(workspace, pieces, chance):
    """A true and a false claim for each piece; their scores overlap."""
    rows = [(name, chance.gauss(1.0 * genuine, 1.0), genuine) for name, *_ in pieces for genuine in (1, 0)]
    folder = workspace.plots / "evaluation"
    folder.mkdir(parents=True)
    pd.DataFrame(rows, columns=["piece_id", "score", "genuine"]).to_csv(folder / TRIALS_FILE, index=False)


def log(tracker, sweep, run_id, workspace, margin, fold):
    """Log what a job's stages log, and end its run."""
    config = {**json.loads(workspace.params.read_text()), "objective": {"margin": margin}}
    tracker.log_config(run_id, config, json.dumps(config))
    metrics = workspace.metrics / "evaluate.json"
    tracker.log_metrics(run_id, json.loads(metrics.read_text()))
    tracker.log_files(run_id, "plots", workspace.plots / "evaluation")
    tracker.log_files(run_id, "evaluation", metrics, workspace.verdicts)
    tracker.end(run_id, "FINISHED")


@pytest.mark.parametrize("metric", [BALANCED_ACCURACY, KEY_SCORE, EQUAL_ERROR_RATE], ids=lambda one: one.name)
def test_value_and_interval_are_the_same(tracked, write_job, tmp_path, monkeypatch, metric):
    sweep, tracker = tracked
    (tmp_path / "conf").mkdir()
    (tmp_path / "dvc.yaml").touch()
    labels = KEYS if metric is KEY_SCORE else ("Ash", "Birch")
    chance = random.Random(0)
    for number, (margin, fold) in enumerate((margin, fold) for margin in MARGINS for fold in FOLDS):
        overrides = [f"objective.margin={margin}", f"split.fold={fold}"]
        tags = {PARENT_TAG: sweep.parent, OVERRIDES_TAG: json.dumps(overrides), "earmark.data": f"d-{fold}"}
        run_id = tracker.begin(", ".join(overrides), tags)
        pieces = pieces_of(fold, labels, chance)
        # What the folds logged themselves is not what the pooled pieces give.
        metrics = {metric.section: {metric.metric: {"value": 0.123}}}
        workspace = write_job(
            sweep, number, margin, fold, pieces, run_id=run_id, metrics=metrics, resamples=200, seed=7
        )
        if metric is EQUAL_ERROR_RATE:
            write_trials(workspace, pieces, chance)
        log(tracker, sweep, run_id, workspace, margin, fold)
    finish(sweep, tmp_path, None)
    summary = read_table(sweep.folder / "aggregate" / "aggregate.csv").set_index("configuration")

    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["leaderboard", "-e", "songs", "--csv"])
    assert done.exit_code == 0, done.output
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(done.stdout))}
    assert set(rows) == set(summary.index) == {f"objective.margin={margin}" for margin in MARGINS}
    for name, row in rows.items():
        assert (row["metric"], row["folds"]) == (metric.name, "0 1")
        pooled = summary.loc[name]
        assert [row[part] for part in ("value", "low", "high")] == list(pooled[["pooled", "low", "high"]])
        assert float(row["low"]) < float(row["value"]) < float(row["high"])
        assert pooled["pieces"] == str(2 * 2 * WORKS + 1)  # the fixed piece once
    # One of them is tested against the other, whatever the metric.
    assert sorted(row["p"] == "" for row in rows.values()) == [False, True]
