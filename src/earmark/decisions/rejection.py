"""Rejection: when a piece is called unknown, alike for every kind of model."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from earmark.decisions.dial import Dial
from earmark.foundation.errors import EarmarkError

UNKNOWN = "unknown"
ROUNDING = 1e-9  # 0.29 * 100 is less than 29
ACCEPTED_SHARE = 0.95  # of validation pieces, where no strangers are given to set a threshold by


@dataclass(frozen=True)
class Rejection:
    """Conditions that a piece must meet to be given a label.

    Attributes:
        threshold: Largest distance to the nearest label.
        min_confidence: Smallest probability of the nearest label.
        min_share: Smallest share of the clips, or of their votes, for it.
    """

    threshold: float = np.inf
    min_confidence: float = 0.0
    min_share: float = 0.0

    def accepts(self, distance: float, confidence: float, share: float) -> bool:
        """Whether a piece with these values is given its nearest label."""
        return not self.reason(distance, confidence, share)

    def reason(self, distance: float, confidence: float, share: float) -> str:
        """Why a piece with these values is unknown, in words; "" where it is given its nearest label."""
        if not distance <= self.threshold:
            return f"distance {distance:.3g} is above {self.threshold:.3g}"
        if not confidence >= self.min_confidence:
            return f"probability {confidence:.2f} is below {self.min_confidence:g}"
        if not share >= self.min_share:
            return f"only {share:.0%} of the clips agree, and {self.min_share:.0%} must"
        return ""

    def at(self, dial: Dial | None, strictness: str) -> Rejection:
        """The same conditions with the threshold of another position of the dial.

        Args:
            dial: Of the decision.
            strictness: `strict`, `balanced` or `eager`.

        Raises:
            EarmarkError: The decision has no dial, or the dial no such position.
        """
        if dial is None:
            raise EarmarkError("this model has no dial for --strictness: train it again, or leave that out")
        return replace(self, threshold=dial.threshold(strictness))


def check_rejection(target_fpr: float | None, min_confidence: float, min_share: float) -> None:
    """Check the settings of a rejection.

    Args:
        target_fpr: Share of strangers that may be accepted; None for no threshold.
        min_confidence: Smallest probability of a label.
        min_share: Smallest share of clips for it.

    Raises:
        ValueError: Where one of them is no probability.
    """
    if target_fpr is not None and not 0 < target_fpr < 1:
        raise ValueError(f"target_fpr={target_fpr:g} must lie between 0 and 1")
    for name, value in (("min_confidence", min_confidence), ("min_share", min_share)):
        if not 0 <= value <= 1:
            raise ValueError(f"{name}={value:g} must lie within 0 and 1")


def threshold_of(known: np.ndarray, strangers: np.ndarray, target_fpr: float | None) -> float:
    """The largest distance that is accepted.

    Args:
        known: Distance of each validation piece to its nearest label (pieces,).
        strangers: Likewise of each calibration piece (pieces,); none of their labels is known.
        target_fpr: Share of strangers that may be accepted. Without strangers, `ACCEPTED_SHARE` of the
            validation pieces are accepted. None for no threshold.

    Returns:
        The threshold; infinite where there is none.
    """
    if target_fpr is None:
        return float("inf")
    if len(strangers):
        # Just below the distance of the first stranger that would exceed the target.
        passing = int(target_fpr * len(strangers) + ROUNDING)
        return float(np.nextafter(np.sort(strangers)[passing], -np.inf))
    return float(np.quantile(known, ACCEPTED_SHARE))
