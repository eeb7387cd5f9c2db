"""How well single clips are told apart, beside the verdicts on whole pieces that are made of them."""

from __future__ import annotations

import numpy as np

from earmark.evaluation.closed_set import closed_set_metrics
from earmark.evaluation.evaluated import EvaluatedPieces
from earmark.foundation.contracts import Metrics


def clip_metrics(evaluation: EvaluatedPieces) -> Metrics:
    """Accuracy, balanced accuracy and macro F1 of the clips of the known test pieces.

    A piece with more clips counts for more, as it does for systems that score their slices.
    """
    test = evaluation.known("test")
    size = len(evaluation.labels)
    matrices = np.zeros((len(test), size, size))
    for row, (name, truth) in enumerate(zip(test.piece_id, evaluation.numbers(test.label), strict=True)):
        predicted = evaluation.clips[name].argmax(axis=1)
        matrices[row, truth] = np.bincount(predicted, minlength=size)

    return evaluation.with_intervals(
        lambda weights: closed_set_metrics(np.tensordot(weights, matrices, axes=1)), test
    )
