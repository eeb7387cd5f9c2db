"""Whether confidence means what it says: of verdicts held for 80 % likely, four in five should be right."""

from __future__ import annotations

import numpy as np
import pandas as pd

from earmark.evaluation.evaluated import EvaluatedPieces
from earmark.foundation.contracts import Metrics

BINS = 10


def reliability(confidence: np.ndarray, right: np.ndarray, weight: np.ndarray) -> pd.DataFrame:
    """Ten equal bins of confidence: low, high, weight, mean confidence and accuracy (NaN where empty)."""
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    total = np.bincount(place, weight, minlength=BINS)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(place, weight * confidence, minlength=BINS) / total
        accuracy = np.bincount(place, weight * right, minlength=BINS) / total
    edges = np.arange(BINS + 1) / BINS
    return pd.DataFrame(
        {"low": edges[:-1], "high": edges[1:], "weight": total, "confidence": mean, "accuracy": accuracy}
    )


def calibration_metrics(evaluation: EvaluatedPieces) -> Metrics:
    """Compute how well the confidence in the nearest label is calibrated, on the known test pieces.

    Returns:
        ece: The expected calibration error, of ten bins. brier: The mean squared difference of confidence and
        being right.

    References:
        M. P. Naeini, G. Cooper, M. Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
        Binning", AAAI 2015.
    """
    test = evaluation.known("test")
    confidence = test.confidence.to_numpy(float)
    right = (test.nearest_label == test.label).to_numpy(float)

    def measure(weights: np.ndarray) -> dict[str, float]:
        total = weights.sum()
        if not total:
            return {"ece": float("nan"), "brier": float("nan")}
        bins = reliability(confidence, right, weights)
        gap = (bins.confidence - bins.accuracy).abs().fillna(0.0)
        return {
            "ece": float((gap * bins.weight).sum() / total),
            "brier": float((weights * (confidence - right) ** 2).sum() / total),
        }

    return evaluation.with_intervals(measure, test)
