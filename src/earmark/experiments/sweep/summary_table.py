"""Aggregates for people and for files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from earmark.experiments.sweep.aggregate import Aggregate
from earmark.foundation.words import fixed


def rows(found: Sequence[Aggregate], best: Aggregate | None) -> list[dict[str, Any]]:
    """A row a configuration: what aggregate.csv and aggregate.json hold."""
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
        for one in found
    ]


def show(table: list[dict[str, Any]], title: str) -> None:
    """On the screen, best validation score first; the best configuration has a star."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    measured = {row["metric"] for row in table}
    shown = Table(title=Text(f"{title}: {', '.join(sorted(measured))}"), title_justify="left")
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
        console = Console(highlight=False, width=120)  # a log has no edge
    console.print(shown)
