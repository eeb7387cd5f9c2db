"""95 % intervals by bootstrap over works: pieces of one work are not independent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

LOW, HIGH = 0.025, 0.975


def work_weights(groups: Sequence[str], resamples: int, seed: int) -> Iterator[np.ndarray]:
    """For each resample of the works with replacement, how often each piece is drawn: (pieces,)."""
    _, work = np.unique(np.asarray(groups), return_inverse=True)
    works = int(work.max(initial=-1)) + 1
    random = np.random.default_rng(seed)
    for _ in range(resamples):
        counts = np.bincount(random.integers(works, size=works), minlength=works)
        yield counts[work].astype(np.float64)


def with_intervals(
    measure: Callable[[np.ndarray], dict[str, float]], groups: Sequence[str], resamples: int, seed: int
) -> dict[str, dict[str, float | None]]:
    """Each metric of `measure(weights)` as value, low and high (percentile bootstrap, Efron 1979).

    Resamples in which a metric is not defined (NaN) do not count towards its interval.
    """
    values = measure(np.ones(len(groups)))
    samples: dict[str, list[float]] = {name: [] for name in values}
    for weights in work_weights(groups, resamples, seed):
        for name, value in measure(weights).items():
            if np.isfinite(value):
                samples[name].append(value)
    result: dict[str, dict[str, float | None]] = {}
    for name, value in values.items():
        low, high = np.quantile(samples[name], [LOW, HIGH]) if samples[name] else (np.nan, np.nan)
        result[name] = {"value": _number(value), "low": _number(low), "high": _number(high)}
    return result


def _number(value: float) -> float | None:
    """Six decimals; None where it is not defined, as JSON has no NaN."""
    return round(float(value), 6) if np.isfinite(value) else None
