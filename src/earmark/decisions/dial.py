"""The dial: how strict a decision is, and what to expect of it at each position.

Thresholds lie at fixed shares of the validation pieces, measured by fits that have not seen their works. The
same distances say how usual a distance is among known pieces, and against the calibration pieces how likely
a piece is to have one of the known labels at all.

References:
    J. Platt, Probabilistic outputs for support vector machines, 1999: a sigmoid of a score as a probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from earmark.foundation.errors import EarmarkError

STRICTNESS = {"strict": 0.70, "balanced": 0.88, "eager": 0.97}
"""Share of the known pieces that is to be near enough to be given a label, by the dial's position."""
PERCENTILES = np.arange(101)
SMALLEST_DISTANCE = 1e-6
PREFIX = "dial_"  # of its arrays in a bundle


@dataclass(frozen=True)
class Dial:
    """Thresholds and what they are expected to do; (3,) for strict, balanced, eager.

    Attributes:
        thresholds: Largest distance that is accepted.
        coverage: Share of validation pieces that are given a label.
        risk: Share of wrong labels among these; NaN where none is given one.
        rejected: Share of calibration pieces called unknown; NaN without any.
        quantiles: Distances of validation pieces to their nearest label at 0, 1, … 100 % (101,).
        odds: Intercept and slope over the logarithm of the distance of the log odds that a piece has a known
            label, for as many known pieces as others (2,); NaN without calibration pieces.
    """

    thresholds: np.ndarray
    coverage: np.ndarray
    risk: np.ndarray
    rejected: np.ndarray
    quantiles: np.ndarray
    odds: np.ndarray

    def threshold(self, strictness: str) -> float:
        """The largest distance that is accepted at a position."""
        return float(self.thresholds[position(strictness)])

    def percentile(self, distance: float) -> float:
        """Share of known pieces that lie nearer to their label than this, percent from 0 to 100."""
        return float(np.interp(distance, self.quantiles, PERCENTILES))

    def p_known(self, distance: float) -> float:
        """Probability that a piece at this distance has one of the known labels.

        As many pieces of known labels as of others are supposed. Without calibration pieces it is the share
        of known pieces that lie as far or farther.
        """
        if np.isnan(self.odds).any():
            return 1.0 - self.percentile(distance) / 100.0
        logit = self.odds[0] + self.odds[1] * np.log(max(distance, SMALLEST_DISTANCE))
        return float(1.0 / (1.0 + np.exp(-np.clip(logit, -50, 50))))

    def expectation(self, strictness: str) -> str:
        """What to expect at a position, in a line."""
        at = position(strictness)
        words = f"{strictness}: about {self.coverage[at]:.0%} of known music is answered"
        if not np.isnan(self.risk[at]):
            words += f", {self.risk[at]:.0%} of that wrongly"
        if not np.isnan(self.rejected[at]):
            words += f"; of music like the strangers it was set by {self.rejected[at]:.0%} is called unknown"
        return words

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that a bundle keeps, by name."""
        return {f"{PREFIX}{name}": value for name, value in vars(self).items()}

    @classmethod
    def restore(cls, arrays: Mapping[str, np.ndarray]) -> Dial | None:
        """The dial from a decision's arrays; None where an older bundle has none.

        Raises:
            KeyError: Some of its arrays are there and others not.
        """
        if not any(name.startswith(PREFIX) for name in arrays):
            return None
        return cls(*(np.asarray(arrays[f"{PREFIX}{field.name}"]) for field in fields(cls)))


def position(strictness: str) -> int:
    """The dial's position as a number from 0.

    Raises:
        EarmarkError: There is no such position.
    """
    if strictness not in STRICTNESS:
        raise EarmarkError(f"strictness={strictness} is none of {', '.join(STRICTNESS)}")
    return list(STRICTNESS).index(strictness)


def check_strictness(strictness: str | None) -> None:
    """Check a setting. Raises ValueError where it is neither a position of the dial nor None."""
    if strictness is not None and strictness not in STRICTNESS:
        raise ValueError(f"strictness={strictness} is none of {', '.join(STRICTNESS)}")


def fit_dial(known: np.ndarray, right: np.ndarray, strangers: np.ndarray) -> Dial:
    """Fit the dial.

    Args:
        known: Distance of each validation piece to its nearest label (pieces,), by a fit without its work.
        right: Whether that label is its own (pieces,).
        strangers: Distance of each calibration piece to its nearest label (pieces,).
    """
    known, strangers = (np.asarray(values, np.float64) for values in (known, strangers))
    thresholds = np.quantile(known, list(STRICTNESS.values()))
    accepted = known[None] <= thresholds[:, None]
    counts = accepted.sum(axis=1)
    wrong = (accepted & ~np.asarray(right, bool)[None]).sum(axis=1)
    risk = np.divide(wrong, counts, out=np.full(len(thresholds), np.nan), where=counts > 0)
    rejected = np.full(len(thresholds), np.nan)
    if len(strangers):
        rejected = (strangers[None] > thresholds[:, None]).mean(axis=1)
    quantiles = np.quantile(known, PERCENTILES / 100)
    return Dial(thresholds, accepted.mean(axis=1), risk, rejected, quantiles, _odds(known, strangers))


def _odds(known: np.ndarray, strangers: np.ndarray) -> np.ndarray:
    """Intercept and slope (2,), NaN where there are too few pieces or strangers do not lie farther."""
    from sklearn.linear_model import LogisticRegression

    nothing = np.full(2, np.nan)
    if len(known) < 2 or len(strangers) < 2:
        return nothing
    distance = np.log(np.maximum(np.concatenate([known, strangers]), SMALLEST_DISTANCE))[:, None]
    is_known = np.repeat([True, False], [len(known), len(strangers)])
    model = LogisticRegression(class_weight="balanced").fit(distance, is_known)
    slope = float(model.coef_[0, 0])
    return np.array([float(model.intercept_[0]), slope]) if slope < 0 else nothing
