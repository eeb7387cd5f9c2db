"""The aggregates of a sweep as a table: for files, and on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from earmark.experiments.sweep.aggregate import Aggregate
from earmark.foundation.words import fixed


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


def show(table: list[dict[str, Any]], title: str) -> None:
    """Print the table, the best validation score first; the best configuration has a star.

    Args:
        table: See `rows`.
        title: Above it.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    metrics = {row["metric"] for row in table}
    shown = Table(title=Text(f"{title}: {', '.join(sorted(metrics))}"), title_justify="left")
    shown.add_column("configuration", overflow="fold")
    for name in ("folds", "mean of folds", "all test pieces", "95 % interval", "validation"):
        shown.add_column(name, justify="right", no_wrap=True)
    for row in sorted(table, key=lambda row: -row["validation"]):
        interval = f"{fixed(row['low'])} to {fixed(row['high'])}"
        star = " *" if row["best"] else ""
        shown.add_row(
            Text(row["configuration"] + star),
            str(row["folds"]),
            *(fixed(row["mean"]), fixed(row["pooled"]), interval, fixed(row["validation"])),
        )
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=120)  # a log file has no width
    console.print(shown)
