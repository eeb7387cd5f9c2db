"""A ranking as text that stays readable at 80 columns, however long the names of its rows are."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len

GAP = "  "  # between columns
NARROWEST = 80


@dataclass(frozen=True)
class Entry:
    """A row.

    Attributes:
        rank: Its place, or a mark.
        name: What it is: overrides with commas between them.
        cells: Of the columns; one may have several lines.
    """

    rank: str
    name: str
    cells: Sequence[str]


def ranking(columns: Sequence[str], entries: Sequence[Entry], width: int) -> list[str]:
    """Set a ranking.

    Names stand in a column of their own where all of them fit into one line, else each below its row.

    Args:
        columns: Heads of the columns.
        entries: The rows.
        width: Columns of the terminal.

    Returns:
        Lines without ends.
    """
    cells = [[entry.rank, *entry.cells] for entry in entries]
    head = ["", *columns]
    widths = [
        max(cell_len(line) for row in (head, *cells) for line in row[place].split("\n"))
        for place in range(len(head))
    ]
    longest = max((cell_len(entry.name) for entry in entries), default=0)
    fits = longest + sum(widths) + len(GAP) * len(widths) <= max(width, NARROWEST)
    if fits:
        head.insert(1, "run")
        widths.insert(1, max(longest, cell_len("run")))
        for row, entry in zip(cells, entries, strict=True):
            row.insert(1, entry.name)
    lines = [_line(head, widths, fits), "─" * (sum(widths) + len(GAP) * (len(widths) - 1))]
    indent = " " * (widths[0] + len(GAP))
    for row, entry in zip(cells, entries, strict=True):
        for parts in zip_longest(*(cell.split("\n") for cell in row), fillvalue=""):
            lines.append(_line(parts, widths, fits))
        if not fits:
            lines += textwrap.wrap(
                entry.name,
                max(width, NARROWEST),
                initial_indent=indent,
                subsequent_indent=indent,
                break_on_hyphens=False,
            )
    return lines


def _line(cells: Sequence[str], widths: Sequence[int], named: bool) -> str:
    """One line; numbers stand at the right of their columns, a name in the second at the left."""
    padded = []
    for place, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        space = " " * (width - cell_len(cell))
        padded.append(cell + space if named and place == 1 else space + cell)
    return GAP.join(padded).rstrip()
