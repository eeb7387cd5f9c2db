"""Verdicts, metrics and words from a bundle whose answers are known."""

import json

import numpy as np
import pandas as pd
import pytest

from earmark.bundle import Bundle
from earmark.decisions.embeddings import PieceEmbeddings
from earmark.decisions.prototype import FittedPrototypes, NearestPrototype
from earmark.decisions.rejection import Rejection
from earmark.evaluation.closed_set import closed_set_metrics, confusion
from earmark.evaluation.report import (
    VERDICT_COLUMNS,
    confusions,
    evaluated_pieces,
    metrics,
    verdict_table,
    warnings_of,
)

LABELS = ["Ash", "Birch"]
DECISION = NearestPrototype("euclidean", 0.2)
# piece_id, label, work, role, split, embedding of its clips. Prototypes: Ash at (0, 0), Birch at (10, 0).
PIECES = [
    ("a1", "Ash", "A1", "known", "train", (0, 1)),
    ("a2", "Ash", "A2", "known", "train", (0, -1)),
    ("a3", "Ash", "A1", "known", "train", (0.1, 1)),  # a second movement of A1
    ("a4", "Ash", "A4", "known", "test", (1, 0)),
    ("a5", "Ash", "A5", "known", "test", (9, 0)),  # taken for Birch
    ("b1", "Birch", "B1", "known", "train", (10, 1)),
    ("b2", "Birch", "B2", "known", "validation", (10, 0)),
    ("b3", "Birch", "B3", "known", "test", (10, 2)),
    ("b4", "Birch", "B4", "known", "test", (10, 4)),  # right, but beyond the threshold
    ("c1", "", "C1", "unknown-calibration", "validation", (5, 3)),
    ("t1", "Who", "T1", "unknown-test", "test", (5, 5)),
    ("t2", "", "T2", "unknown-test", "test", (0, 2.5)),  # taken for Ash
]


@pytest.fixture
def pieces():
    rows = [(*row[:5], f"{row[0]}.mid", f"Title {row[0]}") for row in PIECES]
    return pd.DataFrame(rows, columns=["piece_id", "label", "group", "role", "split", "path", "title"])


@pytest.fixture
def embedded():
    # Two clips a piece, a little to either side.
    clips = [np.array([row[5], row[5]], float) for row in PIECES]
    return PieceEmbeddings(clips, [np.array([0.0, 1.0])] * len(clips))


@pytest.fixture
def bundle(pieces, embedded):
    decision = FittedPrototypes(
        labels=LABELS,
        prototypes=np.array([[0.0, 0.0], [10.0, 0.0]]),
        whitening=np.eye(2),
        temperature=1.0,
        rejection=Rejection(3.0),
    )
    rows = [index for index, row in enumerate(PIECES) if row[4] == "train"]
    references = pieces.loc[np.repeat(rows, 2), ["piece_id", "label", "title"]].assign(start_s=0.0)
    return Bundle({}, {}, decision, references, np.concatenate([embedded.clips[row] for row in rows]))


@pytest.fixture
def verdicts(pieces, embedded, bundle):
    return verdict_table(pieces, embedded, bundle)


def averages():
    """Of every known piece whether it is by Ash, and noise."""
    rows = {row[0]: [float(row[1] == "Ash"), 0.1 * place] for place, row in enumerate(PIECES)}
    return pd.DataFrame.from_dict(rows, orient="index")


def facts(value_of):
    return {row[0]: {"encoded": {"size": float(value_of(row))}, "heard": {"size": 0.1}} for row in PIECES}


@pytest.fixture
def found_metrics(pieces, embedded):
    def found(verdicts, bundle, value_of=lambda row: row[1] == "Ash", resamples=50, sections=None):
        evaluation = evaluated_pieces(
            verdicts, pieces, embedded, facts(value_of), bundle, DECISION, resamples, seed=0
        )
        return metrics(evaluation, sections or {}, averages())

    return found


def test_every_piece_has_a_verdict_the_likest_first(verdicts):
    assert list(verdicts.columns) == VERDICT_COLUMNS
    assert sorted(verdicts.piece_id) == sorted(row[0] for row in PIECES)
    assert list(verdicts.distance) == sorted(verdicts.distance)
    assert (verdicts.confidence.between(0.5, 1)).all()


def test_verdicts_follow_from_distances_and_threshold(verdicts):
    found = verdicts.set_index("piece_id")
    assert found.distance[["a4", "a5", "b3", "b4", "t2"]].tolist() == [1, 1, 2, 4, 2.5]
    expected = {"a4": "Ash", "a5": "Birch", "b3": "Birch", "b4": "unknown", "t1": "unknown", "t2": "Ash"}
    assert found.verdict[list(expected)].to_dict() == expected
    assert found.nearest_label[["b4", "a5"]].tolist() == ["Birch", "Birch"]
    assert found.loc["t1", ["label", "group", "role", "split", "title", "path"]].tolist() == [
        *("Who", "T1", "unknown-test", "test", "Title t1", "t1.mid")
    ]


def test_the_nearest_piece_is_of_another_work(verdicts):
    found = verdicts.set_index("piece_id")
    assert found.loc["a4", ["nearest_piece", "nearest_piece_label"]].tolist() == ["a3", "Ash"]
    assert found.loc["a4", "nearest_piece_distance"] == pytest.approx((0.9**2 + 1) ** 0.5, abs=1e-6)
    assert found.loc["b4", "nearest_piece"] == "b1"
    # a1 and a3 are one work: neither is the other's neighbour, nor its own.
    assert found.nearest_piece[["a1", "a3"]].tolist() == ["a2", "a2"]
    assert found.nearest_piece["a2"] == "a1"


def test_confusions_are_pairs_of_the_known_by_split(verdicts):
    found = confusions(verdicts, LABELS)
    assert list(found) == ["train", "validation", "test"]
    assert found["test"].to_dict("list") == {
        "actual": ["Ash", "Ash", "Birch", "Birch"],
        "predicted": ["Ash", "Birch", "Birch", "Birch"],
    }
    assert [len(table) for table in found.values()] == [4, 1, 4]


def test_sections_and_values(verdicts, bundle, found_metrics):
    found = found_metrics(verdicts, bundle)
    sections = "validation closed_set open_set clips selective calibration control baseline pieces"
    assert list(found) == sections.split()
    for section in ("closed_set", "open_set", "control"):
        for metric in found[section].values():
            assert set(metric) == {"value", "low", "high"}
    assert found["validation"]["balanced_accuracy"]["value"] in (0, 1)  # of one piece
    assert found["pieces"] == {
        **{"train": 4, "validation": 1, "test": 4},
        **{"calibration_unknowns": 1, "test_unknowns": 2},
    }
    expected = closed_set_metrics(np.array([[1.0, 1.0], [0.0, 2.0]]))
    assert {name: metric["value"] for name, metric in found["closed_set"].items()} == pytest.approx(
        expected, abs=1e-6
    )
    opened = {name: metric["value"] for name, metric in found["open_set"].items()}
    # Distances of the known: 1, 1 (wrong), 2, 4; of strangers: 2.5 and more than 5.
    assert opened["auroc"] == pytest.approx(7 / 8)
    assert opened["oscr"] == pytest.approx((2 + 3) / 8)
    assert opened["fpr_at_95_tpr"] == 0.5
    assert opened["known_accepted"] == 0.75
    assert opened["correct_at_threshold"] == 0.5
    assert opened["unknown_rejected"] == 0.5


def test_the_control_is_what_its_facts_allow(verdicts, bundle, found_metrics):
    told = found_metrics(verdicts, bundle, lambda row: row[1] == "Ash")["control"]
    assert told["balanced_accuracy"]["value"] == 1.0
    assert told["heard_balanced_accuracy"]["value"] == 0.5  # constant: one guess for all
    blind = found_metrics(verdicts, bundle, lambda row: row[1] == "Ash" and row[4] != "test")["control"]
    assert blind["balanced_accuracy"]["value"] == 0.5


def test_the_baseline_is_what_averages_allow(verdicts, bundle, found_metrics):
    assert found_metrics(verdicts, bundle)["baseline"]["balanced_accuracy"]["value"] == 1.0


def test_metrics_are_json_and_repeat(verdicts, bundle, found_metrics):
    one, other = (json.dumps(found_metrics(verdicts, bundle), allow_nan=False) for _ in range(2))
    assert one == other


def test_the_order_of_verdicts_does_not_matter(verdicts, bundle, found_metrics):
    turned = verdicts.sample(frac=1, random_state=3)
    assert found_metrics(turned, bundle) == found_metrics(verdicts, bundle)


def test_without_strangers_nothing_is_said_of_them(verdicts, bundle, found_metrics):
    found = found_metrics(verdicts[verdicts.role == "known"], bundle)
    assert found["open_set"]["auroc"] == {"value": None, "low": None, "high": None}
    assert found["closed_set"]["accuracy"]["value"] == 0.75


def found(score=0.8, encoded=0.5, heard=0.4, auroc=0.9, calibration=3, baseline=0.4, coverage=0.7):
    return {
        "closed_set": {"balanced_accuracy": {"value": score}},
        "control": {
            "balanced_accuracy": {"value": encoded},
            "heard_balanced_accuracy": {"value": heard},
        },
        "baseline": {"balanced_accuracy": {"value": baseline}},
        "open_set": {"auroc": {"value": auroc}},
        "selective": {"coverage": {"value": coverage}},
        "pieces": {"calibration_unknowns": calibration},
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (found(), []),
        (found(encoded=0.9), []),
        (
            found(encoded=0.901),
            ["the control reaches 0.901 from instruments, duration and density"],
        ),
        (
            found(encoded=1.0, heard=0.95, score=0.97),
            [
                "the control reaches 1.000 from instruments",
                "the control reaches 0.950 from what is still audible",
            ],
        ),
        (found(score=0.5, heard=0.6), ["the model (0.500) is not better than the control (0.600)"]),
        (found(score=0.6, heard=0.6), ["the model (0.600) is not better than the control (0.600)"]),
        (
            found(baseline=0.85),
            ["the model (0.800) is not better than the baseline over averages of the same features (0.850)"],
        ),
        (found(coverage=0.05), ["only 5% of the known test pieces are answered: decision.strictness=eager"]),
        (found(auroc=0.4), ["strangers look more like known music than known music does (AUROC 0.400)"]),
        (found(auroc=None), ["there are no unknown pieces in the test"]),
        (found(auroc=None, calibration=0), ["there are no unknown pieces in the test"]),
        (found(calibration=0), ["there are no unknown pieces for calibration: the threshold, where"]),
        (found(encoded=None, heard=None, score=None), []),
    ],
)
def test_warnings_say_what_a_reader_must_know(given, said):
    warnings = warnings_of(given, control_warning=0.9, chance=1 / 3)
    assert len(warnings) == len(said)
    assert all(warning.startswith(start) for warning, start in zip(warnings, said, strict=True))


def test_a_warning_about_the_control_states_chance():
    (warning,) = warnings_of(found(encoded=0.95), control_warning=0.9, chance=0.25)
    assert "chance 0.250" in warning


def test_the_confusion_that_dvc_draws_is_the_one_that_is_measured(verdicts):
    table = confusions(verdicts, LABELS)["test"]
    assert confusion(table.actual, table.predicted, LABELS).tolist() == [[1, 1], [0, 2]]
