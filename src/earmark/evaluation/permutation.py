"""Do two systems differ on the same test pieces? A permutation test over works.

Where it makes no difference which of the two systems scored a work, their scores of it may be swapped
(approximate randomisation). A work's pieces are not independent, so that a work is swapped whole. The p value
is exact where all swaps can be tried; else it is drawn at random, the observed case counted among the
draws, so that it is never 0. Several comparisons with one best: Holm's step-down adjustment.

References:
    E. Noreen, "Computer-Intensive Methods for Testing Hypotheses", 1989; A. Yeh, COLING 2000 (randomisation).
    A. Winkler et al., "Multi-level block permutation", NeuroImage 2015 (exchangeable blocks).
    B. Phipson and G. Smyth, "Permutation p-values should never be zero", 2010.
    S. Holm, "A simple sequentially rejective multiple test procedure", 1979.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from earmark.evaluation.metric_table import Metric, statistic

DRAWS = 9_999  # of a metric that is a mean, whose swaps are a product
RANK_DRAWS = 1_999  # of one that is made of ranks: each draw sorts all observations
NOTHING = 1e-12  # equal values may differ in their last digits


def paired_p(metric: Metric, one: pd.DataFrame, other: pd.DataFrame, seed: int = 0) -> float:
    """The two-sided p value that two systems differ in a metric by chance; 1.0 where they score alike.

    Args:
        metric: One that verdicts give again.
        one: Observations of a system (see `pooling.observations`).
        other: Those of another system: of the same pieces of the same folds.
        seed: Of the draws.
    """
    one, other = (
        table.sort_values(["fold", "piece_id"], ignore_index=True, kind="stable") for table in (one, other)
    )
    first, second = one.value.to_numpy(float), other.value.to_numpy(float)
    _, work = np.unique(one.group.to_numpy(str), return_inverse=True)
    if metric.kind in ("mean", "balanced mean"):
        weights = _mean_weights(metric, one)
        return sign_flip_p(np.bincount(work, (first - second) * weights), seed)
    differing = np.flatnonzero(np.bincount(work, np.abs(first - second) > NOTHING))
    measure, equal = statistic(metric, one), np.ones(len(one))

    def difference(swapped: np.ndarray) -> float:
        there = np.isin(work, differing[swapped])
        swapped_first, swapped_second = np.where(there, second, first), np.where(there, first, second)
        return measure(swapped_first, equal) - measure(swapped_second, equal)

    return _swap_p(difference, len(differing), RANK_DRAWS, seed)


def sign_flip_p(differences: np.ndarray, seed: int = 0) -> float:
    """The two-sided p value of the sum of works' differences (works,), signs flipped work by work."""
    differing = differences[np.abs(differences) > NOTHING]

    def total(swapped: np.ndarray) -> np.ndarray:
        return (np.where(swapped, -1.0, 1.0) * differing).sum(axis=-1)

    return _swap_p(total, len(differing), DRAWS, seed, vectorized=True)


def _swap_p(
    difference: Callable[[np.ndarray], float | np.ndarray],
    works: int,
    draws: int,
    seed: int,
    vectorized: bool = False,
) -> float:
    """The p value of `difference(nothing swapped)` among those of all or of randomly drawn swaps.

    Args:
        difference: Of which works are swapped, bool (works,), or (…, works) where `vectorized`.
        works: That differ.
        draws: The most swaps that are tried.
        seed: Of the draws.
        vectorized: Whether `difference` takes many swaps at once.
    """
    if works < 2:  # a single work that differs is as likely the other way round
        return 1.0
    from scipy.stats import permutation_test

    # A pair for each work: its number in the first sample, and in the second the number that means "swapped".
    numbers = np.arange(works)

    def measured(sample: np.ndarray, _: np.ndarray, axis: int = -1) -> float | np.ndarray:
        return difference(np.moveaxis(sample, axis, -1) >= works)

    result = permutation_test(
        (numbers, numbers + works),
        measured,
        permutation_type="samples",
        vectorized=vectorized,
        n_resamples=draws,
        alternative="two-sided",
        rng=np.random.default_rng(seed),
    )
    return float(min(result.pvalue, 1.0))


def _mean_weights(metric: Metric, table: pd.DataFrame) -> np.ndarray:
    """By how much an observation counts in a mean: (n,), sum 1."""
    if metric.kind == "mean":
        return np.full(len(table), 1 / max(len(table), 1))
    count = table.groupby("label").label.transform("size").to_numpy(float)
    return 1 / (count * table.label.nunique())


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values, in the order given: each bounds the chance of any false difference."""
    order = np.argsort(p_values, kind="stable")
    adjusted, highest = [1.0] * len(order), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted
