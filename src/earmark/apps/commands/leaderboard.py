"""`earmark leaderboard`: the best runs of an experiment, with intervals and a paired test."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.words import fixed, json_text, printable
from earmark.foundation.workspace import Workspace

if TYPE_CHECKING:
    from earmark.experiments.leaderboard.board import Board, Row

COLUMNS = [
    *("rank", "name", "folds", "metric", "value", "low", "high", "p", "validation", "validation_kind"),
    *("train_s", "parameters", "runs"),
]


def leaderboard(
    experiment: Annotated[
        str,
        typer.Option(
            "--experiment", "-e", metavar="NAME", help="In MLflow.", show_default="that of overrides.yaml"
        ),
    ] = "",
    top: Annotated[int, typer.Option("--top", "-n", min=1, help="How many rows.")] = 10,
    metric: Annotated[
        str,
        typer.Option(
            "--metric", "-m", metavar="NAME", help="For example open_set.auroc.", show_default="the headline"
        ),
    ] = "",
    sort: Annotated[
        str, typer.Option("--sort", metavar="validation|test", help="What decides the order.")
    ] = "validation",
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Draw the metric against its cost.")
    ] = None,
    cost: Annotated[
        str, typer.Option("--cost", metavar="seconds|parameters", help="Cost for --plot.")
    ] = "seconds",
    as_json: Annotated[bool, typer.Option("--json", help="One object, for programs.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A table with commas, for programs.")] = False,
) -> None:
    r"""Show the best runs of an experiment: score, 95 % interval, and whether they really differ.

    The order is by the validation score: whoever picks the best of many by the test is told
    too high a score by it (--sort test does so, and says so). Runs that differ in split.fold
    only are one row. p: a paired permutation test against the first row on the same test
    pieces, works whole, adjusted for the number of rows (Holm).

    \b
    earmark leaderboard
    earmark leaderboard --experiment genre --top 5 --plot cost.png
    earmark leaderboard --metric open_set.auroc --csv > board.csv
    """
    from earmark.evaluation.metric_table import headline, metric_named
    from earmark.experiments.leaderboard.board import SORTS, board, evaluated
    from earmark.experiments.leaderboard.picture import COSTS
    from earmark.experiments.runs import Runs

    if as_json and as_csv:
        raise typer.BadParameter("choose one of --json and --csv")
    for option, value, choices in (("--sort", sort, SORTS), ("--cost", cost, tuple(COSTS))):
        if value not in choices:
            raise typer.BadParameter(f"{option} is {' or '.join(choices)}, not {value!r}")
    workspace = Workspace.find()
    kept = Runs(workspace)
    experiment = experiment or _present_experiment(workspace)
    runs, left_out = evaluated(kept.of(experiment))
    if not runs:
        raise EarmarkError(f"no evaluated run in the experiment {experiment} ({left_out or 'it is empty'})")
    names = {name for run in runs for name in run.metrics}
    metric = metric or headline(name.partition(".")[0] for name in names).name
    if not {metric, f"{metric}.value"} & names:
        known = sorted(name.removesuffix(".value") for name in names if name.endswith(".value"))
        raise EarmarkError(f"no run of {experiment} has the metric {metric}; there are {', '.join(known)}")
    ranking = board(runs, kept.result, metric_named(metric), sort, top)
    notes = [*ranking.notes, *([f"left out: {left_out}"] if left_out else [])]
    if as_json:
        print(json_text(_plain(ranking, experiment, notes)))
    elif as_csv:
        _print_csv(ranking)
    else:
        _print_table(ranking, experiment)
    for note in notes:
        print(note, file=sys.stderr if as_json or as_csv else sys.stdout)
    if plot is not None:
        _draw(ranking, cost, plot)


def _present_experiment(workspace: Workspace) -> str:
    """The experiment that the next run would go to."""
    from earmark.pipeline.settings.config import compose, workspace_overrides

    return compose(workspace.conf, workspace_overrides(workspace.overrides)).tracking.experiment


def _draw(ranking: Board, cost: str, path: Path) -> None:
    from earmark.experiments.leaderboard.picture import cost_picture

    try:
        drawn = cost_picture(ranking.rows, ranking.metric.name, cost, path)
    except (OSError, ValueError) as error:  # ValueError: a suffix that matplotlib does not know
        raise EarmarkError(f"cannot write {path}: {describe(error)}") from error
    print(f"picture: {printable(path)}, {drawn} of {len(ranking.rows)} rows", file=sys.stderr)


def _row(rank: int, row: Row, metric: str) -> dict[str, Any]:
    return {
        "rank": rank,
        "name": row.name,
        "folds": row.folds,
        "metric": metric,
        "value": row.score.value,
        "low": row.score.low,
        "high": row.score.high,
        "p": row.p,
        "validation": row.validation,
        "validation_kind": row.validation_kind,
        "train_s": row.duration_s,
        "parameters": row.parameters,
        "runs": [run.run_id for run in row.runs],
    }


def _plain(ranking: Board, experiment: str, notes: list[str]) -> dict[str, Any]:
    rows = [_row(rank, row, ranking.metric.name) for rank, row in enumerate(ranking.rows, start=1)]
    shared = list(ranking.shared)
    return {"experiment": experiment, "sort": ranking.sort, "shared": shared, "rows": rows, "notes": notes}


def _print_csv(ranking: Board) -> None:
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for rank, row in enumerate(ranking.rows, start=1):
        cells = _row(rank, row, ranking.metric.name)
        cells |= {name: " ".join(cells[name]) for name in ("folds", "runs")}
        writer.writerow({name: "" if value is None else value for name, value in cells.items()})


def _print_table(ranking: Board, experiment: str) -> None:
    from rich.console import Console

    from earmark.experiments.leaderboard.board import short
    from earmark.experiments.ranking_text import Entry
    from earmark.experiments.ranking_text import ranking as set_ranking

    better = ", lower is better" if ranking.metric.lower_is_better else ""
    print(f"{experiment}: {ranking.metric.name} of the test{better}; sorted by {ranking.sort}")
    if ranking.shared:
        print(f"all rows: {printable(short(', '.join(ranking.shared)))}")
    entries = [
        Entry(
            str(rank),
            printable(short(row.name)),
            (
                ",".join(row.folds),
                fixed(row.score.value),
                "–" if row.score.low is None else f"{fixed(row.score.low)}–{fixed(row.score.high)}",
                "best" if rank == 1 else fixed(row.p),
                fixed(row.validation),
                "–" if row.duration_s is None else f"{row.duration_s:.0f} s",
                "–" if row.parameters is None else f"{row.parameters:,.0f}",
                "\n".join(run.run_id[:8] for run in row.runs),
            ),
        )
        for rank, row in enumerate(ranking.rows, start=1)
    ]
    columns = ("folds", "test", "95 %", "p", "valid.", "train", "weights", "id")
    print("", *set_ranking(columns, entries, Console().width), "", sep="\n")
    if ranking.more:
        print(f"{ranking.more} more rows: --top {len(ranking.rows) + ranking.more}")
