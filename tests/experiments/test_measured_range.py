"""The range of a system over folds and seeds, and how a run is compared with it."""

import copy
import json

import pytest
import yaml

from earmark.experiments.measured_range import comparison, main, measured_range
from earmark.experiments.sweep.folder import Sweep
from earmark.foundation.errors import EarmarkError
from earmark.pipeline.tracking.run_record import FAILED, FINISHED, RunRecord

SETTINGS = {
    "split": {"folds": 5, "fold": 0, "seed": 0},
    "trainer": {"seed": 0, "patience": 8},
    "model": {"_target_": "a.B"},
    "store": {"path": ".cache"},
}


def run(accuracy, fold=0, seed=0, coverage=0.4):
    settings = copy.deepcopy(SETTINGS)
    settings["split"]["fold"], settings["trainer"]["seed"] = fold, seed
    metrics = {
        "closed_set": {"balanced_accuracy": {"value": accuracy, "low": 0.0, "high": 1.0}},
        "selective": {"coverage": {"value": coverage}, "risk": {"value": None}},
    }
    return settings, metrics


RUNS = [run(0.9), run(0.95, fold=1), run(1.0, fold=1, seed=2, coverage=0.6)]


def test_mean_and_range_over_folds_and_seeds():
    measured = measured_range(RUNS)
    assert measured["runs"] == 3
    assert measured["drawn"] == {"split.fold": [0, 1], "split.seed": [0], "trainer.seed": [0, 2]}
    assert measured["metrics"] == {
        "closed_set.balanced_accuracy": {"mean": 0.95, "low": 0.9, "high": 1.0},
        "selective.coverage": {"mean": 0.466667, "low": 0.4, "high": 0.6},
    }


@pytest.mark.parametrize(
    ("accuracy", "said"),
    [
        (0.9, "range of 3 runs over folds and seeds: within: balanced accuracy 0.900 (0.900 to 1.000, mean"),
        (0.8, "range of 3 runs over folds and seeds: OUTSIDE in balanced accuracy: balanced accuracy 0.800"),
    ],
)
def test_a_run_is_within_or_outside(accuracy, said):
    settings, metrics = run(accuracy, fold=4, seed=7)
    settings["store"]["path"] = "elsewhere"
    line = comparison(measured_range(RUNS), settings, metrics)
    assert line.startswith(said)
    assert "\n" not in line


def test_another_system_is_not_compared():
    settings, metrics = run(0.9)
    settings["model"]["_target_"] = "a.C"
    line = comparison(measured_range(RUNS), settings, metrics)
    assert line == (
        "range: not compared: range.json is of other settings, the first that differs is model._target_"
    )


def test_runs_of_several_systems_have_no_range():
    other = run(0.9)
    other[0]["trainer"]["patience"] = 3
    with pytest.raises(EarmarkError, match=r"differ in trainer\.patience"):
        measured_range([*RUNS, other])
    with pytest.raises(EarmarkError, match="no finished run"):
        measured_range([])


def test_a_sweep_is_written_and_the_run_of_the_checkout_compared(tmp_path, monkeypatch, capsys):
    sweep = Sweep(tmp_path / "runs" / "sweep", "train", (), (), "composer", "", "2026-01-01T00:00:00Z")
    sweep.folder.mkdir(parents=True)
    sweep.write()

    def write(folder, result, status=FINISHED):
        (folder / "metrics").mkdir(parents=True)
        (folder / "params.yaml").write_text(yaml.safe_dump(result[0]))
        (folder / "metrics" / "evaluate.json").write_text(json.dumps(result[1]))
        RunRecord(status, "", "composer").write(folder / "run.json")

    for number, result in enumerate(RUNS):
        write(sweep.folder / str(number), result)
    write(sweep.folder / "3", run(0.1), FAILED)
    write(tmp_path, run(0.97))
    monkeypatch.chdir(tmp_path)
    main([])
    assert capsys.readouterr().out == "range: not compared: there is no range.json\n"
    main([str(sweep.folder)])
    main([])
    said = capsys.readouterr().out.splitlines()
    assert said[0] == said[1]
    assert "within: balanced accuracy 0.970 (0.900 to 1.000, mean 0.950)" in said[0]
    with pytest.raises(EarmarkError, match="not the folder of a sweep"):
        main([str(tmp_path)])
