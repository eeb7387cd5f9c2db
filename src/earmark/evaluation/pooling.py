"""Several folds as one result: their observations pooled, with an interval clustered by work.

A sweep's summary and the leaderboard both pool here. A piece that several folds test is as many observations,
of one work. Metrics that verdicts do not give again cannot be pooled: see `metric_table`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from earmark.evaluation.intervals import with_intervals
from earmark.evaluation.metric_table import FoldResult, Metric, statistic

FOLD = "split.fold"  # the setting in which the folds of one system differ


@dataclass(frozen=True)
class Score:
    """A metric's value with its 95 % interval; None where it is not known."""

    value: float | None
    low: float | None = None
    high: float | None = None


def logged(metrics: Mapping[str, float], name: str) -> Score:
    """The metric as a run logged it: with its interval, or a bare number."""
    if f"{name}.value" in metrics:
        return Score(*(metrics.get(f"{name}.{part}") for part in ("value", "low", "high")))
    return Score(metrics.get(name))


def observations(metric: Metric, results: Sequence[FoldResult]) -> pd.DataFrame | None:
    """The observations of all folds: the columns of `Metric.observations`, and `fold`.

    None where a fold has none, or verdicts do not give the metric.
    """
    if metric.observations is None:
        return None
    tables = []
    for result in results:
        table = metric.observations(result)
        if table is None:
            return None
        tables.append(table.assign(fold=result.fold))
    return pd.concat(tables, ignore_index=True) if tables else None


def pooled(metric: Metric, table: pd.DataFrame, resamples: int, seed: int) -> Score:
    """The metric over all observations, by bootstrap over works.

    Args:
        metric: Which one.
        table: Its `observations`.
        resamples: Of the bootstrap (evaluate.resamples).
        seed: Of the bootstrap (evaluate.seed).
    """
    measure, values = statistic(metric, table), table.value.to_numpy(float)
    interval = with_intervals(
        lambda weights: {"pooled": measure(values, weights)}, list(table.group), resamples, seed
    )["pooled"]
    return Score(interval["value"], interval["low"], interval["high"])
