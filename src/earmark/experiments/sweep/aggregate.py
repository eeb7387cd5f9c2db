"""What a sweep found: jobs that differ in their fold only are one configuration.

Of each configuration: the mean over its folds of the test's headline metric, the same metric of all test
verdicts together with a 95 % interval clustered by work, their confusion matrix, and the mean over folds of
the validation score, by which the best configuration is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from earmark.evaluation.closed_set import closed_set_metrics, confusion
from earmark.evaluation.headline import EQUAL_ERROR_RATE, KEY_SCORE, Headline, headline
from earmark.evaluation.intervals import with_intervals
from earmark.evaluation.key_scores import weighted_scores
from earmark.evaluation.verification import equal_error_rate


@dataclass(frozen=True)
class Job:
    """A finished job.

    configuration: its overrides that vary in the sweep, but for the fold. found: metrics/evaluate.json.
    verdicts: piece_id, work, label, nearest_label of the known test pieces. trials: piece_id, work, score,
    genuine of a verification, else None. labels: in the order of the confusion matrix. resamples, seed: of
    the bootstrap.
    """

    number: str
    configuration: tuple[str, ...]
    found: Mapping[str, Any]
    verdicts: pd.DataFrame
    labels: Sequence[str]
    score: float
    resamples: int
    seed: int
    trials: pd.DataFrame | None = None


@dataclass(frozen=True)
class Aggregate:
    """One configuration; pooled: value, low and high. matrix: (labels, labels), rows true."""

    configuration: tuple[str, ...]
    jobs: tuple[str, ...]
    headline: Headline
    mean: float | None
    pooled: Mapping[str, float | None]
    validation: float
    pieces: int
    works: int
    labels: Sequence[str]
    matrix: np.ndarray

    @property
    def name(self) -> str:
        return ", ".join(self.configuration) or "default"


def aggregates(jobs: Sequence[Job]) -> list[Aggregate]:
    """One for each configuration, in the order of their first jobs."""
    configurations = dict.fromkeys(job.configuration for job in jobs)
    return [
        _aggregate([job for job in jobs if job.configuration == configuration])
        for configuration in configurations
    ]


def best(found: Sequence[Aggregate]) -> Aggregate | None:
    """The best on validation of those that have the most folds: a lucky fold alone is no winner."""
    if not found:
        return None
    folds = max(len(one.jobs) for one in found)
    return max((one for one in found if len(one.jobs) == folds), key=lambda one: one.validation)


def _aggregate(folds: Sequence[Job]) -> Aggregate:
    first = folds[0]
    measured = headline(first.found)
    labels = list(dict.fromkeys(label for job in folds for label in job.labels))
    # Folds share no test piece but those whose split the catalog fixes.
    verdicts = pd.concat([job.verdicts for job in folds], ignore_index=True)
    verdicts = verdicts.drop_duplicates("piece_id", ignore_index=True)
    values = [value for job in folds if (value := measured.of(job.found)) is not None]
    return Aggregate(
        configuration=first.configuration,
        jobs=tuple(job.number for job in folds),
        headline=measured,
        mean=round(float(np.mean(values)), 6) if values else None,
        pooled=_pooled(measured, folds, verdicts, labels),
        validation=round(float(np.mean([job.score for job in folds])), 6),
        pieces=len(verdicts),
        works=verdicts.work.nunique(),
        labels=labels,
        matrix=confusion(verdicts.label, verdicts.nearest_label, labels),
    )


def _pooled(
    measured: Headline, folds: Sequence[Job], verdicts: pd.DataFrame, labels: Sequence[str]
) -> Mapping[str, float | None]:
    rows = verdicts
    if measured == EQUAL_ERROR_RATE:
        if all(job.trials is None for job in folds):  # no true claims, or no false ones
            return dict.fromkeys(("value", "low", "high"))
        rows = _pooled_trials(folds)
        score, genuine = rows.score.to_numpy(float), rows.genuine.to_numpy(bool)

        def measure(weights: np.ndarray) -> float:
            return equal_error_rate(score, genuine, weights)

    elif measured == KEY_SCORE:
        scores = weighted_scores(rows.label, rows.nearest_label)

        def measure(weights: np.ndarray) -> float:
            return float((weights * scores).sum() / weights.sum()) if weights.sum() else float("nan")

    else:

        def measure(weights: np.ndarray) -> float:
            matrix = confusion(rows.label, rows.nearest_label, labels, weights)
            return closed_set_metrics(matrix)[measured.metric]

    first = folds[0]
    found = with_intervals(
        lambda weights: {"pooled": measure(weights)}, list(rows.work), first.resamples, first.seed
    )
    return found["pooled"]


def _pooled_trials(folds: Sequence[Job]) -> pd.DataFrame:
    """All trials of each piece as the first fold that tested it has them."""
    tables = [job.trials for job in folds if job.trials is not None]
    taken: set[str] = set()
    kept = []
    for table in tables:
        kept.append(table[~table.piece_id.isin(taken)])
        taken |= set(table.piece_id)
    return pd.concat(kept, ignore_index=True)
