"""Histograms as shares, on the square-root scale."""

from __future__ import annotations

import numpy as np


def shares(counts: np.ndarray) -> np.ndarray:
    """Square roots of the shares that counts (bins,) have of their sum; zeros where the sum is 0.

    The Euclidean distance of such vectors is Hellinger's: rare bins count as much as frequent ones.
    """
    total = counts.sum()
    return np.sqrt(counts / total) if total > 0 else np.zeros(len(counts))


def counted(values: np.ndarray, low: int, high: int) -> np.ndarray:
    """`shares` of integers from `low` to `high`; what lies outside counts at the ends."""
    return shares(np.bincount(np.clip(values, low, high) - low, minlength=high - low + 1).astype(float))


def binned(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """`shares` of numbers between edges (bins + 1,); what lies outside counts at the ends."""
    inside = np.clip(values, edges[0], np.nextafter(edges[-1], edges[0]))
    return shares(np.histogram(inside, edges)[0].astype(float))
