"""Rows of the leaderboard: runs that differ in `split.fold` only are one system, its folds are pooled."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from earmark.evaluation.metric_table import BALANCED_ACCURACY, FoldResult, Metric
from earmark.evaluation.permutation import holm, paired_p
from earmark.evaluation.pooling import FOLD, Score, logged, observations, pooled
from earmark.experiments.leaderboard.remarks import remarks
from earmark.experiments.runs import Run
from earmark.pipeline.settings.without_effect import changes_results
from earmark.pipeline.tracking.run_name import OVERRIDES_TAG

# Older runs do not have it: their validation score is the one that training watched.
VALIDATION = "validation.balanced_accuracy.value"
EVALUATED = "balanced accuracy of pieces"
SORTS = ("validation", "test")
RESAMPLES = 1000  # of runs that do not say
Results = Callable[[Run], FoldResult | None]


@dataclass(frozen=True)
class Row:
    """A system: one run, or one for each fold.

    Attributes:
        runs: Its runs.
        score: The metric, pooled over folds.
        pieces: Its observations of the test, where verdicts give the metric again.
        p: The p value of its difference from the best, adjusted; None where it was not tested.
        no_test: Why it was not tested.
        name: The overrides that make it another system than the other rows.
    """

    runs: tuple[Run, ...]
    score: Score = field(default_factory=lambda: Score(None))
    pieces: pd.DataFrame | None = None
    p: float | None = None
    no_test: str = ""
    name: str = ""

    @property
    def overrides(self) -> list[str]:
        """What composed its runs but for the fold, as far as they tell it: else the parts of the name."""
        run = self.runs[0]
        listed = json.loads(run.tags.get(OVERRIDES_TAG, "null")) or run.name.split(", ")
        return [item for item in listed if not item.startswith(f"{FOLD}=")]

    @property
    def folds(self) -> list[str]:
        """The fold that each run tested; `?` where it does not say."""
        return [run.params.get(FOLD, "?") for run in self.runs]

    @property
    def validation(self) -> float | None:
        """On the validation pieces, mean over folds: what systems may be chosen by."""
        score = self._mean(VALIDATION)
        return self._mean("train.score") if score is None else score

    @property
    def validation_kind(self) -> str:
        """What that score is: the evaluation's balanced accuracy, or else what training kept an epoch by."""
        if self._mean(VALIDATION) is not None:
            return EVALUATED
        kind = self.runs[0].tags.get("earmark.monitored", "").partition("/")[2].replace("_", " ")
        return f"{kind} in training" if kind else "unknown"

    @property
    def duration_s(self) -> float | None:
        """Of the training of one fold, on the mean."""
        return self._mean("train.duration_s")

    @property
    def parameters(self) -> float | None:
        """Trained parameters, mean over folds."""
        return self._mean("train.parameters")

    def _mean(self, metric: str) -> float | None:
        values = [run.metrics[metric] for run in self.runs if metric in run.metrics]
        return sum(values) / len(values) if len(values) == len(self.runs) else None


@dataclass(frozen=True)
class Board:
    """A leaderboard.

    Attributes:
        metric: Of the rows' scores.
        sort: `validation` or `test`: what the order is by.
        rows: The best first.
        notes: What limits the comparison, a line each.
        more: How many rows were cut off.
        shared: Overrides of every row, in the order of the first one's.
    """

    metric: Metric
    sort: str
    rows: list[Row]
    notes: list[str]
    more: int = 0
    shared: Sequence[str] = ()


def short(name: str) -> str:
    """The name with long decimal numbers cut to four digits: `lr=0.003124` of `lr=0.0031237540119`."""
    return re.sub(r"\d+\.\d{5,}(e-?\d+)?", lambda number: f"{float(number[0]):.4g}", name)


def evaluated(runs: Sequence[Run]) -> tuple[list[Run], str]:
    """Select the runs that were evaluated; a sweep's parent is none of them.

    Args:
        runs: Of an experiment.

    Returns:
        The evaluated runs, and in words how many others there are, by what they lack.
    """
    parents = {run.parent for run in runs}
    left: Counter[str] = Counter()
    kept = []
    for run in runs:
        if run.run_id in parents or run.tags.get("earmark.stage") == "publish":
            continue
        if run.status in ("FAILED", "KILLED"):
            left["failed"] += 1
        elif not run.finished:
            left["not finished"] += 1
        elif f"{BALANCED_ACCURACY.name}.value" not in run.metrics:
            left["without an evaluation"] += 1
        else:
            kept.append(run)
    return kept, ", ".join(f"{count} {what}" for what, count in left.items())


def systems(runs: Sequence[Run]) -> tuple[list[Row], int]:
    """Group runs into rows: those that differ in their fold only are one system.

    Args:
        runs: Evaluated, the newest first; of repeated ones the newest counts.

    Returns:
        The rows, and how many runs were repeats.
    """
    groups: dict[tuple, dict[str, Run]] = defaultdict(dict)
    repeats = 0
    for run in runs:
        params = {key: value for key, value in run.params.items() if key != FOLD and changes_results(key)}
        # Of the data hash the first half: the second is of the split, which the fold changes.
        music = run.tags.get("earmark.data", "").partition("-")[0]
        folds = groups[music, *sorted(params.items())]
        repeats += run.params.get(FOLD, "?") in folds
        folds.setdefault(run.params.get(FOLD, "?"), run)
    rows = [Row(tuple(folds[fold] for fold in sorted(folds))) for folds in groups.values()]
    return _named(rows), repeats


def shared_overrides(rows: Sequence[Row]) -> list[str]:
    """The overrides of every row, in the order of the first one's; of a single row none."""
    if len(rows) < 2:
        return []
    return [item for item in rows[0].overrides if all(item in row.overrides for row in rows)]


def _named(rows: list[Row]) -> list[Row]:
    """Names by the overrides that not all rows share: a job of a sweep is called by what varies in it."""
    shared = shared_overrides(rows)
    return [
        replace(row, name=", ".join(item for item in row.overrides if item not in shared) or "default")
        for row in rows
    ]


def board(runs: Sequence[Run], results: Results, metric: Metric, sort: str, top: int) -> Board:
    """Rank the systems among `runs`, score them, and test each against the first.

    Args:
        runs: Evaluated, the newest first.
        results: Gives what a run's evaluation wrote.
        metric: Of the scores and tests.
        sort: `validation`, which leaves the test untouched, or `test`, by the metric itself.
        top: The most rows.
    """
    rows, repeats = systems(runs)
    notes = [f"of {repeats} repeated runs the newest counts"] if repeats else []
    if sort == "validation":
        rows = _ordered(rows, lambda row: row.validation, False)
        # Scores of another kind cannot be compared with these: such runs come after.
        rows = sorted(rows, key=lambda row: row.validation_kind != EVALUATED)
        rows, more = rows[:top], len(rows[top:])
        rows = [_scored(row, results, metric) for row in rows]
    else:
        rows = [_scored(row, results, metric) for row in rows]
        rows = _ordered(rows, lambda row: row.score.value, metric.lower_is_better)
        rows, more = rows[:top], len(rows[top:])
    rows = _named(_tested(rows, metric))  # anew: those that were cut off may have differed in more
    return Board(metric, sort, rows, notes + remarks(rows, sort), more, shared_overrides(rows))


def _ordered(rows: list[Row], value: Callable[[Row], float | None], lower: bool) -> list[Row]:
    """The best first; rows without a value last."""
    sign = 1 if lower else -1
    return sorted(rows, key=lambda row: (value(row) is None, sign * (value(row) or 0.0)))


def _scored(row: Row, results: Results, metric: Metric) -> Row:
    """The row with its score: pooled over its folds where verdicts give the metric again, else as logged."""
    evaluations = [result for run in row.runs if (result := results(run)) is not None]
    complete = len(evaluations) == len(row.runs)
    table = observations(metric, evaluations) if complete else None
    if table is not None:
        score = pooled(metric, table, *_bootstrap(row.runs[0]))
    elif len(row.runs) == 1:
        score = logged(row.runs[0].metrics, metric.name)
    else:
        values = [value for run in row.runs if (value := logged(run.metrics, metric.name).value) is not None]
        score = Score(sum(values) / len(values) if len(values) == len(row.runs) else None)
    return replace(row, score=score, pieces=table)


def _bootstrap(run: Run) -> tuple[int, int]:
    """Resamples and seed of the run's own intervals."""
    return int(run.params.get("evaluate.resamples", RESAMPLES)), int(run.params.get("evaluate.seed", 0))


def _tested(rows: list[Row], metric: Metric) -> list[Row]:
    """Each row but the first with its p value against the first, Holm-adjusted, or the reason for none."""
    if not rows:
        return rows
    best = rows[0]
    tested = [replace(row, no_test=_untestable(row, best)) for row in rows[1:]]
    p_values = [
        paired_p(metric, row.pieces, best.pieces)
        for row in tested
        if not row.no_test and row.pieces is not None and best.pieces is not None
    ]
    values = iter(holm(p_values))
    return [best, *(row if row.no_test else replace(row, p=next(values)) for row in tested)]


def _untestable(row: Row, best: Row) -> str:
    if row.pieces is None or best.pieces is None:
        return "the metric cannot be computed from their verdicts"
    if _identity(row.pieces) != _identity(best.pieces):
        return "their test pieces are others than those of the best"
    return ""


def _identity(pieces: pd.DataFrame) -> set[tuple]:
    return set(pieces[["fold", "piece_id", "label", "group"]].itertuples(index=False, name=None))
