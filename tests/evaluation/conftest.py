"""Evaluations whose answers are stated, not computed."""

import numpy as np
import pandas as pd
import pytest

from earmark.decisions.rejection import UNKNOWN
from earmark.evaluation.evaluated import EvaluatedPieces


@pytest.fixture
def evaluation():
    """An evaluation of rows (piece_id, label, role, split, distances to the labels, more columns).

    What is not stated is nothing out of the way: the nearest label is that of the least distance, each
    piece is a work of its own, its one clip says what the piece does, and the verdict is the nearest.
    """

    def of(labels, *rows, resamples=20, clips=None, facts=None, groups=None):
        table = []
        for piece_id, label, role, split, distances, more in rows:
            nearest = labels[int(np.argmin(distances))]
            row = {"piece_id": piece_id, "label": label, "role": role, "split": split, "confidence": 0.5}
            row |= {"nearest_label": nearest, "verdict": nearest, "distance": float(min(distances))} | more
            table.append(row)
        distances = {row[0]: np.array(row[4], float) for row in rows}
        columns = ["piece_id", "label", "role", "split", "confidence", "nearest_label", "verdict", "distance"]
        return EvaluatedPieces(
            labels=list(labels),
            verdicts=pd.DataFrame(table, columns=columns),
            distances=distances,
            clips=clips or {name: 1 - np.atleast_2d(found) for name, found in distances.items()},
            groups=groups or {name: name for name in distances},
            facts=facts or {name: {} for name in distances},
            resamples=resamples,
            seed=0,
        )

    return of


@pytest.fixture
def known():
    """A row of a known piece: its name, label, distances; of the test unless another split is named."""
    return lambda name, label, *distances, split="test", **more: (
        name,
        label,
        "known",
        split,
        distances,
        more,
    )


@pytest.fixture
def stranger():
    """A row of a stranger, called unknown."""

    def row(name, *distances, role="unknown-test", label="", **more):
        split = "test" if role == "unknown-test" else "validation"
        return (name, label, role, split, distances, {"verdict": UNKNOWN, **more})

    return row


@pytest.fixture
def values():
    """The values of metrics without their intervals."""
    return lambda found: {name: metric["value"] for name, metric in found.items()}
