"""The evaluation's files agree with each other."""

import json

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from earmark.bundle import Bundle
from earmark.evaluation.report import VERDICT_COLUMNS
from earmark.music.catalog import read_table


@pytest.fixture
def measured(finished):
    return json.loads((finished.workspace.metrics / "evaluate.json").read_text())


@pytest.fixture
def verdicts(finished):
    table = read_table(finished.workspace.verdicts)
    return table.assign(distance=table.distance.astype(float))


def test_the_sections_are_there_with_intervals(measured):
    assert list(measured) == [
        *("validation", "closed_set", "open_set", "clips", "selective", "calibration", "control", "baseline"),
        *("pieces", "warnings"),
    ]
    for section, metric in (
        *(("closed_set", name) for name in ("accuracy", "balanced_accuracy", "macro_f1")),
        *(("open_set", name) for name in ("auroc", "fpr_at_95_tpr", "oscr")),
        *(("control", name) for name in ("balanced_accuracy", "heard_balanced_accuracy")),
    ):
        found = measured[section][metric]
        assert set(found) == {"value", "low", "high"}
        assert 0 <= found["low"] <= found["high"] <= 1
        assert 0 <= found["value"] <= 1


def test_the_metrics_are_those_of_the_verdicts(measured, verdicts):
    test = verdicts[verdicts.split == "test"]
    known, strangers = test[test.role == "known"], test[test.role == "unknown-test"]
    score = balanced_accuracy_score(known.label, known.nearest_label)
    assert measured["closed_set"]["balanced_accuracy"]["value"] == pytest.approx(score, abs=1e-6)
    truth = [1] * len(known) + [0] * len(strangers)
    auroc = roc_auc_score(truth, -np.concatenate([known.distance, strangers.distance]))
    assert measured["open_set"]["auroc"]["value"] == pytest.approx(auroc, abs=1e-6)
    rejected = (strangers.verdict == "unknown").mean()
    assert measured["open_set"]["unknown_rejected"]["value"] == pytest.approx(rejected, abs=1e-6)
    assert measured["pieces"]["test"] == len(known)
    assert measured["pieces"]["test_unknowns"] == len(strangers) == 3
    assert measured["pieces"]["calibration_unknowns"] == 3


def test_verdicts_are_likest_first_and_within_their_meaning(finished, verdicts):
    assert list(verdicts.columns) == VERDICT_COLUMNS
    assert list(verdicts.distance) == sorted(verdicts.distance)
    labels = Bundle.load(finished.workspace.models).labels
    assert set(verdicts.nearest_label) <= set(labels)
    accepted = verdicts[verdicts.verdict != "unknown"]
    assert (accepted.verdict == accepted.nearest_label).all()
    refused = verdicts[verdicts.verdict == "unknown"]
    assert accepted.distance.max() <= refused.distance.min()
    assert verdicts.confidence.astype(float).between(1 / 3, 1).all()


def test_the_confusion_tables_hold_every_known_piece(finished, verdicts):
    for split in ("train", "validation", "test"):
        table = read_table(finished.workspace.plots / "evaluation" / f"confusion_{split}.csv")
        rows = verdicts[(verdicts.role == "known") & (verdicts.split == split)]
        assert sorted(zip(table.actual, table.predicted, strict=True)) == sorted(
            zip(rows.label, rows.nearest_label, strict=True)
        )


def test_the_summary_is_said(finished, measured):
    said = "\n".join(line for lines in finished.lines.values() for line in lines)
    assert f"{measured['closed_set']['balanced_accuracy']['value']:.3f}" in said
    assert "Learned 3 labels" in said
    for warning in measured["warnings"]:
        assert warning.split(":")[0][:60] in " ".join(said.split())
