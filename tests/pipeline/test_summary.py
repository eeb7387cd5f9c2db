"""The screenful that ends a run says what was measured, and no more."""

import pandas as pd
import pytest

from earmark.foundation.workspace import Workspace
from earmark.pipeline.summary import WIDTH, summary


def metric(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def found(**changed):
    sections = {
        "closed_set": {"balanced_accuracy": metric(0.81, 0.7, 0.9), "macro_f1": metric(0.8, 0.69, 0.88)},
        "control": {"balanced_accuracy": metric(0.5, 0.4, 0.6), "heard_balanced_accuracy": metric(0.33)},
        "baseline": {"balanced_accuracy": metric(0.6, 0.5, 0.7)},
        "open_set": {
            name: metric(0.123, 0.1, 0.2)
            for name in ("auroc", "fpr_at_95_tpr", "oscr", "known_accepted", "unknown_rejected")
        },
        "clips": {
            "accuracy": metric(0.72, 0.6, 0.8),
            "balanced_accuracy": metric(0.71, 0.61, 0.79),
            "macro_f1": metric(0.7, 0.6, 0.8),
        },
        "selective": {
            "coverage": metric(0.9, 0.85, 0.95),
            "risk": metric(0.15, 0.05, 0.25),
            "aurc": metric(0.05, 0.01, 0.1),
        },
        "calibration": {"ece": metric(0.08, 0.04, 0.2), "brier": metric(0.12, 0.08, 0.2)},
        "pieces": {"train": 30, "test": 3, "test_unknowns": 2},
        "warnings": [],
    }
    return {**sections, **changed}


def verdicts(labels=("Ash", "Birch")):
    known = [(label, "", "known", "test", labels[0], 0.1) for label in labels]
    strangers = [
        ("", "A mystery", "unknown-test", "test", labels[0], 0.5),
        ("Who", "A puzzle", "unknown-test", "test", labels[0], 0.75),
    ]
    return pd.DataFrame(
        known + strangers, columns=["label", "title", "role", "split", "nearest_label", "distance"]
    )


@pytest.fixture
def text(tmp_path):
    def of(metrics=None, table=None, labels=("Ash", "Birch"), root=None, uri="sqlite:///mlflow.db"):
        workspace = Workspace.at(tmp_path, root and tmp_path / root)
        table = verdicts(labels) if table is None else table
        return summary(
            metrics or found(),
            table,
            labels,
            workspace,
            uri,
            "http://127.0.0.1:5000/#/experiments/1/runs/run7",
        )

    return of


def test_values_stand_beside_their_intervals_and_chance(text):
    lines = text().splitlines()
    (row,) = (line for line in lines if line.startswith("balanced accuracy  "))
    assert row.split() == ["balanced", "accuracy", "0.810", "0.700", "to", "0.900", "chance", "0.500"]
    (row,) = (line for line in lines if line.startswith("control, as heard"))
    assert "0.330    – to –" in row


def row_of(lines, start):
    (row,) = (line for line in lines.splitlines() if line.startswith(start))
    return row.removeprefix(start).split()


def test_clips_and_what_silence_buys_have_their_rows(text):
    said = text()
    assert row_of(said, "balanced accuracy of clips") == ["0.710", "0.610", "to", "0.790"]
    assert row_of(said, "answered (coverage)") == ["0.900", "0.850", "to", "0.950"]
    assert row_of(said, "wrong among these (risk)")[:4] == ["0.150", "0.050", "to", "0.250"]
    assert row_of(said, "calibration error (ECE)")[:4] == ["0.080", "0.040", "to", "0.200"]


def test_sections_that_an_experiment_adds_are_listed_as_they_come(text):
    said = text(found(verification={"eer": metric(0.25, 0.2, 0.3), "auroc": metric(None)}))
    assert row_of(said, "verification: eer") == ["0.250", "0.200", "to", "0.300"]
    assert row_of(said, "verification: auroc") == ["not", "measured"]
    assert "verification" not in text()


def test_counts_and_places_are_said(text):
    said = text(root="runs/7")
    assert "Learned 2 labels from 30 pieces; evaluated on 3 pieces" in said
    assert "and on 2 pieces by strangers." in said
    assert "runs/7/data/verdicts.csv" in said
    lines = said.splitlines()
    start = lines.index("MLflow run in sqlite:///mlflow.db, shown by `earmark ui`:")
    assert lines[start + 1] == "http://127.0.0.1:5000/#/experiments/1/runs/run7"


def test_the_next_command_ends_it(text):
    assert text().splitlines()[-2] == "next: earmark identify FILE"
    assert text(root="runs/a b").splitlines()[-2] == "next: earmark identify FILE --model 'runs/a b'"


def test_the_run_on_a_server_is_shown_there(text):
    assert "MLflow run:\nhttp" in text(uri="http://127.0.0.1:9")


def test_what_was_not_measured_is_said_not_invented(text):
    nothing = {name: metric(None) for name in found()["open_set"]}
    said = text(found(open_set=nothing))
    assert said.count("not measured") == 4  # AUROC, FPR, OSCR, strangers called unknown
    assert "None" not in said
    assert "nan" not in said


def test_the_confusion_of_test_pieces(text):
    lines = text().splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("test pieces"))
    assert lines[start].split()[-2:] == ["Ash", "Birch"]
    assert [line.split() for line in lines[start + 1 : start + 3]] == [["Ash", "1", "0"], ["Birch", "1", "0"]]


def test_many_labels_have_no_confusion_on_the_screen(text):
    labels = [f"label{number}" for number in range(9)]
    assert "test pieces, verdict" not in text(labels=labels)
    assert "test pieces, verdict" in text(labels=labels[:8])


def test_the_farthest_stranger_is_named_by_label_where_it_has_one(text):
    assert "farthest from everything known: Who: A puzzle (distance 0.750)" in text()
    table = verdicts()
    assert "farthest from everything known: A mystery (distance 0.500)" in text(table=table.iloc[:-1])
    assert "farthest" not in text(table=table.iloc[:2])


def test_warnings_are_wrapped_and_whole(text):
    warning = "the control reaches 0.95 " + "from instruments alone " * 12 + "indeed"
    said = text(found(warnings=[warning, "second"]))
    assert f"WARNING: {warning}." in " ".join(said.split())
    assert "WARNING: second." in said


def test_nothing_is_wider_than_the_screen_but_paths(text):
    lines = text(found(warnings=["word " * 60])).splitlines()
    assert all(len(line) <= WIDTH for line in lines if "mlflow" not in line and "verdicts" not in line)
