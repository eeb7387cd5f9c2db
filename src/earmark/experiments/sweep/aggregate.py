"""The results of a sweep by configuration: jobs that differ in their fold only are one configuration.

Of each configuration: the mean over its folds of the headline metric of the test, the same metric of all test
verdicts together with a 95 % interval clustered by work (`evaluation.pooling`, as in the leaderboard), their
confusion matrix, and the mean over folds of the validation score, by which the best configuration is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from earmark.evaluation.closed_set import confusion
from earmark.evaluation.metric_table import FoldResult, Metric, headline
from earmark.evaluation.pooling import Score, observations, pooled
from earmark.music.catalog import KNOWN


@dataclass(frozen=True)
class Job:
    """A finished job.

    Attributes:
        number: Its number in the sweep.
        configuration: Its overrides that vary in the sweep, but for the fold.
        metrics: metrics/evaluate.json.
        result: What its evaluation wrote of the pieces.
        labels: In the order of the confusion matrix.
        score: Its validation score.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
    """

    number: str
    configuration: tuple[str, ...]
    metrics: Mapping[str, Any]
    result: FoldResult
    labels: Sequence[str]
    score: float
    resamples: int
    seed: int


@dataclass(frozen=True)
class Aggregate:
    """The results of one configuration.

    Attributes:
        configuration: The overrides that vary, but for the fold.
        jobs: Numbers of its jobs.
        headline: The metric of `mean` and `pooled`.
        mean: Over its folds; None where no fold has it.
        pooled: Of all test pieces together.
        validation: Mean validation score of its folds.
        pieces: Test pieces, each once.
        works: Works that these belong to.
        labels: Of the rows and columns of `matrix`.
        matrix: Confusion matrix (labels, labels), rows true, of every verdict of every fold.
    """

    configuration: tuple[str, ...]
    jobs: tuple[str, ...]
    headline: Metric
    mean: float | None
    pooled: Score
    validation: float
    pieces: int
    works: int
    labels: Sequence[str]
    matrix: np.ndarray

    @property
    def name(self) -> str:
        """Its overrides, for people."""
        return ", ".join(self.configuration) or "default"


def aggregates(jobs: Sequence[Job]) -> list[Aggregate]:
    """Sum up the jobs: one aggregate for each configuration, in the order of their first jobs."""
    configurations = dict.fromkeys(job.configuration for job in jobs)
    return [
        _aggregate([job for job in jobs if job.configuration == configuration])
        for configuration in configurations
    ]


def best(candidates: Sequence[Aggregate]) -> Aggregate | None:
    """The best on validation among those that have the most folds; None where there is none."""
    if not candidates:
        return None
    folds = max(len(one.jobs) for one in candidates)
    return max((one for one in candidates if len(one.jobs) == folds), key=lambda one: one.validation)


def _aggregate(folds: Sequence[Job]) -> Aggregate:
    first = folds[0]
    metric = headline(first.metrics)
    labels = list(dict.fromkeys(label for job in folds for label in job.labels))
    table = observations(metric, [job.result for job in folds])
    tests = pd.concat([_test(job) for job in folds], ignore_index=True)
    values = [value for job in folds if (value := metric.of(job.metrics)) is not None]
    return Aggregate(
        configuration=first.configuration,
        jobs=tuple(job.number for job in folds),
        headline=metric,
        mean=round(float(np.mean(values)), 6) if values else None,
        pooled=Score(None) if table is None else pooled(metric, table, first.resamples, first.seed),
        validation=round(float(np.mean([job.score for job in folds])), 6),
        pieces=tests.piece_id.nunique(),
        works=tests.group.nunique(),
        labels=labels,
        matrix=confusion(tests.label, tests.nearest_label, labels),
    )


def _test(job: Job) -> pd.DataFrame:
    verdicts = job.result.verdicts
    return verdicts[(verdicts.role == KNOWN) & (verdicts.split == "test")]
