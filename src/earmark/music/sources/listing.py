"""A CSV that `earmark use` makes of pieces whose labels stand in tags or in a data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from earmark.foundation.atomic import write_text
from earmark.foundation.words import csv_lines
from earmark.music.sources.origin import Origin

COLUMNS = ("path", "label", "group", "title")


def write_listing(csv: Path, origins: Sequence[Origin]) -> None:
    """Write the pieces that have no fault; files are named by their absolute paths.

    Args:
        csv: The table.
        origins: The pieces.
    """
    rows = [(one.name, one.label, one.group, one.title) for one in origins if not one.fault]
    csv.parent.mkdir(parents=True, exist_ok=True)
    write_text(csv, "".join(csv_lines([COLUMNS, *rows])))
