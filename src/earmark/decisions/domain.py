"""The domain of a model: ranges of simple statistics of what it learned from, and what lies outside of them.

A model answers whatever it is given. Where music is much denser, fuller or steadier than anything that it
learned from, its answer is worth less than its figures say, and people should be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

STATISTICS = ("level", "spread", "change")
LESS, MORE = ("emptier", "more even", "calmer"), ("fuller", "more uneven", "more restless")
"""What music is whose statistics lie below and above the ranges."""
INNER = (0.01, 0.99)  # quantiles of what was learned from,
MARGIN = 0.5  # widened by so much of their distance on either side


@dataclass(frozen=True)
class Domain:
    """Ranges of the statistics.

    Attributes:
        low: Lowest values that are usual (channels, 3): level, spread, change.
        high: Highest ones (channels, 3).
    """

    low: np.ndarray
    high: np.ndarray

    def warning(self, piece: np.ndarray, names: Sequence[str] = ()) -> str:
        """How a piece differs from what was learned from, in words; "" where it does not.

        Args:
            piece: Features (channels, bands, frames).
            names: What the channels are, in words; without them they are numbered.
        """
        found = statistics(piece)
        if found.shape != self.low.shape:
            return ""
        words = []
        for row, column in np.argwhere((found < self.low) | (found > self.high)):
            is_less = found[row, column] < self.low[row, column]
            limit = (
                f"at least {self.low[row, column]:.3g}"
                if is_less
                else f"at most {self.high[row, column]:.3g}"
            )
            channel = names[row] if names else f"channel {row + 1}"
            where = f" of {channel}" if len(found) > 1 else ""
            word = (LESS if is_less else MORE)[column]
            words.append(f"{word} ({STATISTICS[column]}{where} {found[row, column]:.3g}, {limit})")
        return f"unlike the music that the model learned from: {', '.join(words)}" if words else ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `of`."""
        return {"low": self.low.round(9).tolist(), "high": self.high.round(9).tolist()}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Domain:
        """Read what `as_dict` gave.

        Raises:
            KeyError, TypeError, ValueError: It is not whole.
        """
        low, high = (np.asarray(values[name], np.float64) for name in ("low", "high"))
        if low.shape != high.shape or low.ndim != 2 or low.shape[1] != len(STATISTICS):
            raise ValueError("low and high must have a row of 3 numbers for each channel")
        return cls(low, high)


def statistics(piece: np.ndarray) -> np.ndarray:
    """Mean, standard deviation and mean change from frame to frame of each channel: (channels, 3).

    Args:
        piece: Features (channels, bands, frames).
    """
    values = np.asarray(piece, np.float32)
    change = (
        np.abs(np.diff(values, axis=2)).mean(axis=(1, 2)) if values.shape[2] > 1 else np.zeros(len(values))
    )
    return np.stack([values.mean(axis=(1, 2)), values.std(axis=(1, 2)), change], axis=1).astype(np.float64)


def fit_domain(pieces: Iterable[np.ndarray]) -> Domain:
    """Fit the domain to features (channels, bands, frames) of one piece or more."""
    found = np.stack([statistics(piece) for piece in pieces])
    low, high = np.quantile(found, INNER, axis=0)
    margin = MARGIN * (high - low)
    return Domain(low - margin, high + margin)
