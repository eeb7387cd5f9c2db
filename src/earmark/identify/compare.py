"""Whether two pieces have one label: their distance, and a probability fitted on training pieces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.bundle import Bundle
from earmark.foundation.errors import EarmarkError

RIDGE, TINY = 1e-6, 1e-12  # keep the slope finite, and a matrix invertible
MOST_STEPS = 100  # about 8 are needed
MOST_PIECES = 1000  # half a million pairs: more give the same curve and take longer


@dataclass(frozen=True)
class Comparator:
    """Distance of two pieces' mean embeddings, and how probable one label is at that distance.

    The probability is 1 / (1 + exp(slope · distance - intercept)), with equal and different labels weighing
    alike.

    Attributes:
        bundle: The trained model.
        slope: Per unit of distance.
        intercept: Logit of the probability at distance 0.
        threshold: The distance at which as large a share of the pairs of equal label lies beyond it as of
            different label within it.
        error_rate: That share.
        same: Pairs of equal label that the curve was fitted on.
        different: Pairs of different label that it was fitted on.
        pieces: Training pieces that the pairs are made of.

    References:
        Platt, J.: Probabilistic outputs for support vector machines. 1999.
    """

    bundle: Bundle
    slope: float
    intercept: float
    threshold: float
    error_rate: float
    same: int
    different: int
    pieces: int

    @classmethod
    def of(cls, bundle: Bundle) -> Comparator:
        """Fit the curve on the pairs of the bundle's training pieces.

        Pairs of one work are left out where the references have its name (column `group`).

        Args:
            bundle: A trained model.

        Raises:
            EarmarkError: There is no pair of equal or none of different label.
        """
        means, labels, works = _pieces_of(bundle)
        first, second = np.triu_indices(len(means), k=1)
        apart = (works[first] != works[second]) | (works[first] == "")
        first, second = first[apart], second[apart]
        distance = np.concatenate(
            [
                np.linalg.norm(means[one] - means[other], axis=1)
                for one, other in zip(np.array_split(first, 64), np.array_split(second, 64), strict=True)
            ]
        )
        equal = labels[first] == labels[second]
        if not equal.any() or equal.all():
            raise EarmarkError(
                "it cannot compare: the training pieces make no pairs of equal or none of different label"
            )
        slope, intercept = fit_probability(distance, equal)
        threshold, error_rate = equal_error(distance, equal)
        same = int(equal.sum())
        return cls(bundle, slope, intercept, threshold, error_rate, same, len(equal) - same, len(means))

    def distance(self, one: np.ndarray, other: np.ndarray) -> float:
        """Distance of two pieces in the decision's metric.

        Args:
            one: Embeddings of the clips of a piece (clips, dimensions).
            other: Those of the other piece.
        """
        means = self.bundle.decision.whitened(np.stack([one.mean(axis=0), other.mean(axis=0)]))
        return float(np.linalg.norm(means[0] - means[1]))

    def probability(self, distance: float) -> float:
        """Probability that two pieces at this distance have one label, if both cases are equally likely."""
        return float(1 / (1 + np.exp(np.clip(self.slope * distance - self.intercept, -700, 700))))


def fit_probability(distance: np.ndarray, equal: np.ndarray) -> tuple[float, float]:
    """Fit the Comparator's probability to pairs of both kinds.

    Platt's targets, (n + 1) / (n + 2) in place of 1, keep the slope finite where a distance separates the two
    kinds without error.

    Args:
        distance: Of each pair (pairs,).
        equal: Whether its pieces have one label (pairs,).

    Returns:
        Slope and intercept; both 0, a probability of 1/2, where pairs of equal label lie farther apart than
        those of different label.
    """
    centre, scale = float(distance.mean()), max(float(distance.std()), 1e-12)
    same, different = int(equal.sum()), int((~equal).sum())
    target = np.where(equal, (same + 1) / (same + 2), 1 / (different + 2))
    weight = np.where(equal, 0.5 / same, 0.5 / different) * len(equal)
    rise, level = _logistic((distance - centre) / scale, target, weight)
    slope = -rise / scale
    if slope <= 0:
        return 0.0, 0.0
    return slope, level + slope * centre


def _logistic(values: np.ndarray, target: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the logistic curve nearest to targets from 0 to 1, by Newton's method.

    The loss is convex, and a step that does not lower it is halved. Written here because scikit-learn, whose
    values these are, would be the largest part of an installation that only identifies.

    Args:
        values: (n,), about 1 in size.
        target: (n,).
        weight: (n,).

    References:
        Lin, H.-T., Lin, C.-J., Weng, R.: A note on Platt's probabilistic outputs for support vector
            machines. Machine Learning 68, 2007.
    """
    design = np.stack([values, np.ones_like(values)])
    ridge = np.array([RIDGE, 0.0])

    def loss_at(at: np.ndarray) -> float:
        logit = at @ design
        return float(weight @ (np.logaddexp(0, logit) - target * logit) + 0.5 * ridge @ at**2)

    at = np.zeros(2)
    loss = loss_at(at)
    for _ in range(MOST_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(at @ design, -700, 700)))
        gradient = design @ (weight * (probability - target)) + ridge * at
        curvature = (design * (weight * probability * (1 - probability))) @ design.T
        step = np.linalg.solve(curvature + np.diag(ridge + TINY), gradient)
        while (lower := loss_at(at - step)) > loss and np.abs(step).max() > TINY:
            step = step / 2
        at, loss = at - step, lower
        if np.abs(step).max() < 1e-9:
            break
    return float(at[0]), float(at[1])


def equal_error(distance: np.ndarray, equal: np.ndarray) -> tuple[float, float]:
    """The threshold at which both error rates are most nearly alike.

    Args:
        distance: Of each pair (pairs,).
        equal: Whether its pieces have one label (pairs,).

    Returns:
        The threshold, halfway to the next larger distance, and the mean of both error rates there.
    """
    order = np.argsort(distance, kind="stable")
    ordered, hits = distance[order], equal[order]
    missed = 1 - np.cumsum(hits) / hits.sum()
    false = np.cumsum(~hits) / (~hits).sum()
    # Only between distances that differ can a threshold lie.
    places = np.flatnonzero(np.append(np.diff(ordered) > 0, True))
    best = places[np.argmin(np.abs(missed - false)[places])]
    following = ordered[min(best + 1, len(ordered) - 1)]
    return float((ordered[best] + following) / 2), float((missed[best] + false[best]) / 2)


def _pieces_of(bundle: Bundle) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whitened mean embeddings of the training pieces (pieces, dimensions), their labels and works.

    Of more than MOST_PIECES, evenly spaced ones in the order of the labels are taken.
    """
    table = {name: np.asarray(column).astype(str) for name, column in bundle.references.items()}
    names, labels = table["piece_id"], table["label"]
    _, heads = np.unique(names, return_index=True)  # the first row of each piece
    heads = heads[np.lexsort((names[heads], labels[heads]))]
    if len(heads) > MOST_PIECES:
        heads = heads[np.linspace(0, len(heads) - 1, MOST_PIECES).round().astype(int)]
    rows = dict(zip(*_grouped(names), strict=True))
    means = np.stack([bundle.embeddings[rows[name]].mean(axis=0) for name in names[heads]])
    works = table["group"][heads] if "group" in table else np.full(len(heads), "")
    return bundle.decision.whitened(means), labels[heads], works


def _grouped(names: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Each name once, and the rows that have it."""
    unique, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
    rows = np.argsort(inverse, kind="stable")
    return unique, np.split(rows, np.cumsum(counts)[:-1])
