"""How well single clips are told apart, by hand."""

import numpy as np
import pytest

from earmark.evaluation.clip_scores import clip_metrics

LABELS = ["Ash", "Birch"]
ASH, BIRCH = [0.9, 0.1], [0.2, 0.8]


def test_every_clip_counts_once_and_verdicts_do_not(evaluation, known, stranger, values):
    found = evaluation(
        LABELS,
        known("a", "Ash", 9.0, 0.0),  # the verdict is wrong, three of four clips are right
        known("b", "Birch", 9.0, 0.0),
        known("t", "Ash", 0.0, 1.0, split="train"),
        stranger("s", 1.0, 1.0),
        clips={"a": np.array([ASH, ASH, ASH, BIRCH]), "b": np.array([ASH, BIRCH]), "t": np.array([BIRCH]),
               "s": np.array([ASH])},
    )  # fmt: skip
    assert values(clip_metrics(found)) == pytest.approx(
        # Ash: 3 of 4 heard, 3 of 4 said; Birch: 1 of 2 heard, 1 of 2 said.
        {"accuracy": 4 / 6, "balanced_accuracy": (3 / 4 + 1 / 2) / 2, "macro_f1": (3 / 4 + 1 / 2) / 2},
        abs=1e-6,
    )


def test_intervals_are_over_works_not_clips(evaluation, known):
    """A hundred right clips of one work are one work."""
    found = clip_metrics(
        evaluation(
            LABELS,
            known("a", "Ash", 0.0, 1.0),
            known("b", "Ash", 0.0, 1.0),
            clips={"a": np.array([ASH] * 100), "b": np.array([BIRCH] * 100)},
            resamples=200,
        )
    )
    assert found["accuracy"] == {"value": 0.5, "low": 0.0, "high": 1.0}


def test_of_no_piece_nothing_is_measured(evaluation, known):
    found = clip_metrics(evaluation(LABELS, known("t", "Ash", 0.0, 1.0, split="train")))
    assert set(found) == {"accuracy", "balanced_accuracy", "macro_f1"}
    assert all(metric == {"value": None, "low": None, "high": None} for metric in found.values())
