"""When nothing should be said about a piece: rejection, the same for every kind of model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

UNKNOWN = "unknown"
ACCEPTED_SHARE = 0.95  # of validation pieces, where there are no strangers to fix a threshold by


@dataclass(frozen=True)
class Rejection:
    """When a piece is called unknown: too far off, too little confidence, too few clips agree."""

    threshold: float = np.inf
    min_confidence: float = 0.0
    min_share: float = 0.0

    def accepts(self, distance: float, confidence: float, share: float) -> bool:
        return distance <= self.threshold and confidence >= self.min_confidence and share >= self.min_share


def check_rejection(target_fpr: float | None, min_confidence: float, min_share: float) -> None:
    """Raise ValueError for what is no probability."""
    if target_fpr is not None and not 0 < target_fpr < 1:
        raise ValueError(f"target_fpr={target_fpr:g} must lie between 0 and 1")
    for name, value in (("min_confidence", min_confidence), ("min_share", min_share)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name}={value:g} must lie within 0 and 1")


def threshold_of(known: np.ndarray, strangers: np.ndarray, target_fpr: float | None) -> float:
    """The largest distance that is accepted, from smallest distances of validation pieces and strangers.

    target_fpr: share of strangers that may pass; without strangers 95 % of the known pieces pass.
    None for no threshold.
    """
    if target_fpr is None:
        return float("inf")
    if len(strangers):
        # Just below the first stranger that would be one too many: the target holds exactly.
        passing = int(target_fpr * len(strangers))
        return float(np.nextafter(np.sort(strangers)[passing], -np.inf))
    return float(np.quantile(known, ACCEPTED_SHARE))
