"""The metre-only control: how far the time signature alone gives a dance away. A jig is in 6/8."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from earmark.evaluation.closed_set import closed_set_metrics, confusion
from earmark.evaluation.control import control_verdicts
from earmark.foundation.contracts import Evaluation, Metrics


@dataclass(frozen=True)
class MetreControl:
    """Logistic regression on the first time signature of a MIDI file, beside the model's score."""

    def measure(self, evaluation: Evaluation) -> Metrics:
        """accuracy, balanced_accuracy, macro_f1 of the known test pieces; undefined for recordings."""
        train, test = evaluation.known("train"), evaluation.known("test")
        metres = {
            name: str(evaluation.facts[name].get("metre", "")) for name in (*train.piece_id, *test.piece_id)
        }
        table = pd.get_dummies(pd.Series(metres)).astype(float)
        if not any(metres.values()):
            return evaluation.with_intervals(
                lambda weights: closed_set_metrics(confusion([], [], evaluation.labels)), test
            )
        chosen = control_verdicts(table, train.piece_id, train.label, test.piece_id)
        return evaluation.with_intervals(
            lambda weights: closed_set_metrics(confusion(test.label, chosen, evaluation.labels, weights)),
            test,
        )

    def draw(self, evaluation: Evaluation, folder: Path) -> None:
        """Nothing to draw."""
