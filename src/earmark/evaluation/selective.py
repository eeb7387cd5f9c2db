"""What silence buys: the risk of being wrong when only the surest pieces are answered.

Risk and coverage after El-Yaniv and Wiener (2010); AURC after Geifman and El-Yaniv (2019).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from earmark.decisions.rejection import UNKNOWN
from earmark.evaluation.evaluated import EvaluatedPieces
from earmark.foundation.contracts import Metrics


def risk_coverage(confidence: np.ndarray, right: np.ndarray) -> pd.DataFrame:
    """coverage (share of pieces answered, the surest first) and risk (share of those that are wrong)."""
    order = np.argsort(-confidence, kind="stable")
    count = np.arange(1, len(order) + 1)
    wrong = np.cumsum(~right[order])
    return pd.DataFrame({"coverage": count / max(len(order), 1), "risk": wrong / count})


def selective_metrics(evaluation: EvaluatedPieces) -> Metrics:
    """Of the known test pieces: coverage and risk at the decision, and the area under the risk-coverage
    curve (lower is better; 0 where the wrong are the least sure and there are none)."""
    test = evaluation.known("test")
    confidence = test.confidence.to_numpy(float)
    right = (test.nearest_label == test.label).to_numpy(bool)
    answered = (test.verdict != UNKNOWN).to_numpy(bool)
    order = np.argsort(-confidence, kind="stable")

    def measure(weights: np.ndarray) -> dict[str, float]:
        total, said = weights.sum(), weights[answered].sum()
        seen = np.cumsum(weights[order])
        wrong = np.cumsum((weights * ~right)[order])
        risk = np.divide(wrong, seen, out=np.zeros_like(wrong), where=seen > 0)
        return {
            "coverage": said / total if total else float("nan"),
            "risk": (weights[answered & ~right].sum() / said) if said else float("nan"),
            "aurc": float((risk * weights[order]).sum() / total) if total else float("nan"),
        }

    return evaluation.with_intervals(measure, test)
