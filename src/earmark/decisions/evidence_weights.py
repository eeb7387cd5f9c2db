"""How much each kind of evidence counts when a piece is called unknown, learned from calibration pieces.

Strangers that resemble the known music are told by the log odds against strangers; strangers of quite
another kind by their distance. Which of them a corpus has, its calibration pieces show.
"""

from __future__ import annotations

import numpy as np

UNEVENNESS = 0.1  # price of weights that differ: strangers may come that are unlike the calibration pieces
SIZE = 1e-3  # price of large weights, so that evidence that separates perfectly has finite ones


def fit_weights(known: np.ndarray, strangers: np.ndarray) -> np.ndarray:
    """Weigh evidence by a logistic regression with weights that are not negative and prefer to be equal.

    Known pieces as a whole count as much as strangers as a whole.

    Args:
        known: Standardised evidence for the likeliest label of pieces of known labels (pieces, kinds), more
            speaks for the label; by fits that have not seen their works.
        strangers: The same of calibration pieces, by fits that have not seen them.

    Returns:
        Weights that sum to 1 (kinds,); equal ones where there are no strangers or nothing tells them apart.
    """
    from scipy.optimize import minimize

    kinds = known.shape[1]
    equal = np.full(kinds, 1 / kinds)
    if not len(known) or not len(strangers):
        return equal
    rows = np.concatenate([known, strangers])
    sign = np.repeat([1.0, -1.0], [len(known), len(strangers)])
    share = np.repeat([0.5 / len(known), 0.5 / len(strangers)], [len(known), len(strangers)])

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        weights, uneven = values[:-1], values[:-1] - values[:-1].mean()
        margin = sign * (rows @ weights + values[-1])
        slope = -share * sign / (1 + np.exp(np.clip(margin, -500, 500)))
        price = UNEVENNESS * (uneven @ uneven) + SIZE * (weights @ weights)
        gradient = np.append(rows.T @ slope + 2 * UNEVENNESS * uneven + 2 * SIZE * weights, slope.sum())
        return float((share * np.logaddexp(0, -margin)).sum() + price), gradient

    bounds = [(0.0, None)] * kinds + [(None, None)]
    found = minimize(loss, np.append(equal, 0.0), jac=True, bounds=bounds, method="L-BFGS-B")
    weights = np.asarray(found.x)[:-1]
    return weights / weights.sum() if weights.sum() > 0 else equal
