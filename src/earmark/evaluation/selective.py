"""The risk of a wrong answer when only the surest pieces are answered.

References:
    R. El-Yaniv, Y. Wiener, "On the Foundations of Noise-free Selective Classification", JMLR 2010.
    Y. Geifman, G. Uziel, R. El-Yaniv, "Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers",
    ICLR 2019 (the area under the risk-coverage curve).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from earmark.decisions.rejection import UNKNOWN
from earmark.evaluation.evaluated import EvaluatedPieces
from earmark.foundation.contracts import Metrics


def risk_coverage(confidence: np.ndarray, right: np.ndarray) -> pd.DataFrame:
    """Compute the risk at every coverage; pieces of one confidence are answered together.

    Args:
        confidence: Of each piece (pieces,).
        right: Whether its answer is right (pieces,).

    Returns:
        coverage: Share of pieces answered, the surest first. risk: Share of those that are wrong.
    """
    step = _steps(confidence)
    count = np.cumsum(np.bincount(step))
    wrong = np.cumsum(np.bincount(step, ~right))
    return pd.DataFrame({"coverage": count / max(len(step), 1), "risk": wrong / count})


def _steps(confidence: np.ndarray) -> np.ndarray:
    """The step at which each piece is answered (pieces,), the surest at 0; equal confidences share one."""
    return np.unique(-confidence, return_inverse=True)[1]


def selective_metrics(evaluation: EvaluatedPieces) -> Metrics:
    """Compute coverage and risk of the decision on the known test pieces, and the curve's area.

    Returns:
        coverage: Share of pieces that are answered. risk: Share of those that are wrong. aurc: The area under
        the risk-coverage curve; lower is better, 0 where no answer is wrong.
    """
    test = evaluation.known("test")
    confidence = test.confidence.to_numpy(float)
    right = (test.nearest_label == test.label).to_numpy(bool)
    answered = (test.verdict != UNKNOWN).to_numpy(bool)
    step = _steps(confidence)

    def measure(weights: np.ndarray) -> dict[str, float]:
        total, answered_weight = weights.sum(), weights[answered].sum()
        added = np.bincount(step, weights)
        seen = np.cumsum(added)
        wrong = np.cumsum(np.bincount(step, weights * ~right))
        risk = np.divide(wrong, seen, out=np.zeros(len(seen)), where=seen > 0)
        return {
            "coverage": answered_weight / total if total else float("nan"),
            "risk": (weights[answered & ~right].sum() / answered_weight) if answered_weight else float("nan"),
            "aurc": float((risk * added).sum() / total) if total else float("nan"),
        }

    return evaluation.with_intervals(measure, test)
