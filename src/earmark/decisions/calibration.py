"""Calibrated probabilities: one temperature, fitted on validation pieces.

References:
    C. Guo et al., On calibration of modern neural networks, ICML, 2017.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def softmax(values: np.ndarray) -> np.ndarray:
    """Softmax along the last axis."""
    exponent = np.exp(values - values.max(axis=-1, keepdims=True))
    return exponent / exponent.sum(axis=-1, keepdims=True)


def fit_temperature(
    probabilities: Callable[[float], np.ndarray], truth: np.ndarray, unit: float = 1.0
) -> float:
    """The temperature of least negative log-likelihood, from a grid of 200 values from 0.005 to 5 units.

    Args:
        probabilities: From a temperature to the probabilities of the validation pieces (pieces, labels).
        truth: Numbers of their labels (pieces,).
        unit: Unit of the grid, of the size of the values that a temperature divides.

    Returns:
        The temperature; the lowest one where several are best.
    """
    grid = np.geomspace(0.005, 5.0, 200) * unit
    rows = np.arange(len(truth))
    loss = [-np.log(probabilities(value)[rows, truth] + 1e-12).mean() for value in grid]
    return float(grid[int(np.argmin(loss))])
