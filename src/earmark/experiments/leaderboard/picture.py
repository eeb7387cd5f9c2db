"""A picture of the leaderboard: the metric against training time or parameters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from earmark.experiments.leaderboard.board import Row, short
from earmark.foundation.figure import COLOURS, new_figure, save_figure

COSTS = {"seconds": "training of one fold (s)", "parameters": "trained parameters"}


def cost_of(row: Row, cost: str) -> float | None:
    """The cost of a system; None where it is not known.

    Args:
        row: The system.
        cost: `seconds` of training one fold, or `parameters`.
    """
    return row.duration_s if cost == "seconds" else row.parameters


def cost_picture(rows: Sequence[Row], metric: str, cost: str, path: Path) -> int:
    """Draw each row at (cost, score) with its interval and rank.

    Args:
        rows: In the order of their ranks.
        metric: For the axis.
        cost: `seconds` or `parameters`.
        path: Of the picture.

    Returns:
        How many rows have both a cost and a score, and were drawn.
    """
    drawn = [
        (rank, spent, value, row)
        for rank, row in enumerate(rows, start=1)
        if (spent := cost_of(row, cost)) is not None and (value := row.score.value) is not None
    ]
    from matplotlib.ticker import LogLocator

    figure = new_figure(7.5, 5)
    axes = figure.subplots()
    for rank, spent, value, row in drawn:
        score, colour = row.score, COLOURS[(rank - 1) % len(COLOURS)]
        if score.low is not None and score.high is not None:
            axes.plot([spent, spent], [score.low, score.high], color=colour, alpha=0.5, linewidth=1.5)
        name = short(row.name)
        name = name if len(name) <= 90 else f"{name[:89]}…"
        axes.scatter([spent], [value], color=colour, s=40, zorder=3, label=f"{rank}  {name}")
        axes.annotate(str(rank), (spent, value), xytext=(5, 4), textcoords="offset points", fontsize=9)
    spents = [spent for _, spent, _, _ in drawn]
    if spents and min(spents) > 0 and max(spents) > 10 * min(spents):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")  # powers of ten would be formulas, which are not drawn
        axes.xaxis.set_minor_formatter("")
    axes.set_xlabel(COSTS[cost])
    axes.set_ylabel(f"{metric}, 95 % interval")
    axes.grid(alpha=0.3)
    if drawn:
        figure.legend(loc="outside lower center", fontsize=8, frameon=False)
    save_figure(figure, path)
    return len(drawn)
