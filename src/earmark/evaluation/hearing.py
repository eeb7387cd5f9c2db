"""The price of hearing: what is lost where notes are heard instead of read in a file."""

from __future__ import annotations

import numpy as np
import pandas as pd

from earmark.evaluation.closed_set import closed_set_metrics, confusion
from earmark.evaluation.evaluated import EvaluatedPieces
from earmark.foundation.contracts import Metrics


def hearing_metrics(evaluation: EvaluatedPieces, excerpts: pd.DataFrame) -> Metrics:
    """Balanced accuracy of the same seconds of test pieces, read and heard.

    Args:
        evaluation: Has the labels, and the works of the pieces.
        excerpts: A row a test piece: piece_id, label, and the nearest label of its beginning as `read` from
            the file and as `heard`.

    Returns:
        `notes_read`, `notes_heard`, and the `price`: by how much the first is higher.
    """

    def measure(weights: np.ndarray) -> dict[str, float]:
        read, heard = (
            closed_set_metrics(confusion(excerpts.label, excerpts[how], evaluation.labels, weights))
            for how in ("read", "heard")
        )
        scores = read["balanced_accuracy"], heard["balanced_accuracy"]
        return {"notes_read": scores[0], "notes_heard": scores[1], "price": scores[0] - scores[1]}

    return evaluation.with_intervals(measure, excerpts)
