"""The aggregates of a sweep as a table: for files, and on the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from earmark.experiments.ranking_text import Entry, ranking
from earmark.experiments.sweep.aggregate import Aggregate
from earmark.foundation.words import fixed, printable


def rows(aggregates: Sequence[Aggregate], best: Aggregate | None) -> list[dict[str, Any]]:
    """What aggregate.csv and aggregate.json hold, a row for each configuration.

    Args:
        aggregates: The configurations.
        best: The one that is marked as the best.
    """
    return [
        {
            "configuration": one.name,
            "jobs": " ".join(one.jobs),
            "folds": len(one.jobs),
            "metric": one.headline.words,
            "mean": one.mean,
            "pooled": one.pooled.value,
            "low": one.pooled.low,
            "high": one.pooled.high,
            "validation": one.validation,
            "pieces": one.pieces,
            "works": one.works,
            "best": one is best,
        }
        for one in aggregates
    ]


def show(table: list[dict[str, Any]], title: str, shared: Sequence[str] = ()) -> None:
    """Print the table, the best validation score first; the best configuration has a star.

    Args:
        table: See `rows`.
        title: Above it.
        shared: Overrides of all jobs.
    """
    from rich.console import Console

    ordered = sorted(table, key=lambda row: -row["validation"])
    print(title)
    if shared:
        print(f"all jobs: {printable(', '.join(shared))}")
    print(f"test: {printable(', '.join(sorted({row['metric'] for row in table})))}")
    entries = [
        Entry(
            "*" if row["best"] else "",
            printable(row["configuration"]),
            (
                str(row["folds"]),
                *(fixed(row["mean"]), fixed(row["pooled"])),
                f"{fixed(row['low'])}–{fixed(row['high'])}",
                fixed(row["validation"]),
            ),
        )
        for row in ordered
    ]
    columns = ("folds", "mean", "pooled", "95 %", "valid.")
    print("", *ranking(columns, entries, Console().width), sep="\n")
    if tied := ties(table):
        print(f"tie by validation: {printable('; '.join(tied))}; the first of them has the star")
    print(flush=True)


def ties(table: Sequence[Mapping[str, Any]]) -> list[str]:
    """The configurations whose validation score and folds are as many as the best one's; none of one alone.

    Args:
        table: See `rows`.
    """
    chosen = next((row for row in table if row["best"]), None)
    if chosen is None:
        return []
    equal = [
        row["configuration"]
        for row in table
        if (row["folds"], row["validation"]) == (chosen["folds"], chosen["validation"])
    ]
    return equal if len(equal) > 1 else []
