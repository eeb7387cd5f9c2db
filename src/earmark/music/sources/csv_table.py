"""A CSV of music: columns path, label and optionally group, role, split, title, or as `Columns` names them.

Paths are relative to the CSV. `music21:…` names a score that the music21 package ships. Columns whose
names end in `confidence` (0 to 1) state confidence in the label; `data.min_confidence` filters by them.
Labels and works are compared as `spelling` says, and so are paths where no file is called exactly so.
"""

from __future__ import annotations

from math import isnan
from pathlib import Path
from urllib.parse import unquote

from earmark.foundation.errors import EarmarkError
from earmark.music.catalog import KNOWN, ROLES, SPLITS
from earmark.music.sources.csv_cells import OWN_COLUMNS, Columns, read_cells
from earmark.music.sources.origin import Origin
from earmark.music.sources.readable import fault_of
from earmark.music.sources.spelling import Files, spelled, trimmed

PACKAGE_PREFIX = "music21:"
CONFIDENCE = "confidence"
COLUMNS = ("path", "label", "group", "role", "split", "title")


def read_csv(csv: Path, columns: Columns = OWN_COLUMNS) -> list[Origin]:
    """Read the pieces that a CSV lists, in its order.

    Args:
        csv: The CSV.
        columns: What it calls path, label and group.

    Raises:
        EarmarkError: The CSV is unreadable or lists nothing, or a row or a role is faulty.
    """
    rows = _rows(csv, columns)
    if not rows:
        raise EarmarkError(f"{csv} lists no pieces")
    files = Files(csv.resolve().parent)
    origins: dict[str, Origin] = {}
    lines: dict[Path, int] = {}
    for line, row in rows:
        where, name = f"{csv} line {line}", row["path"]
        for column, allowed in (("role", ROLES), ("split", SPLITS)):
            if row[column] not in ("", *allowed):
                raise EarmarkError(f"{where}: {column} '{row[column]}' is none of {', '.join(allowed)}")
        role = row["role"] or KNOWN
        if not name:
            raise EarmarkError(f"{where}: no path")
        if name in origins:
            raise EarmarkError(f"{where}: {name} is listed twice")
        file = None if name.startswith(PACKAGE_PREFIX) else files.find(name)
        if file is not None and lines.setdefault(file, line) != line:
            raise EarmarkError(f"{where}: {name} is listed twice, in line {lines[file]} in another spelling")
        if role == KNOWN and not row["label"]:
            raise EarmarkError(f"{where}: {name} has no label; only unknown pieces may go without")
        origins[name] = Origin(
            name=name,
            label=row["label"],
            group=row["group"] or spelled(name),
            role=role,
            split=row["split"],
            title=row["title"] or Path(name).stem,
            file=file,
            confidence=_confidence(row),
            fault="" if file is None else fault_of(file),
        )
    _check_roles(csv, list(origins.values()))
    return list(origins.values())


def _confidence(row: dict[str, str]) -> float:
    """Return the least of a row's confidences, 1 where it states none, NaN where one is not a number."""
    stated = [cell for column, cell in row.items() if column.endswith(CONFIDENCE) and cell]
    try:
        values = [float(cell.replace(",", ".")) for cell in stated]  # 0,5 where semicolons part cells
    except ValueError:
        return float("nan")
    # min() alone may pass over a NaN next to another number.
    return float("nan") if any(isnan(value) for value in values) else min(values, default=1.0)


def _check_roles(csv: Path, origins: list[Origin]) -> None:
    """Refuse a work in two roles, and a label that is known in one row and unknown in another."""
    for what in ("label", "group"):
        roles: dict[str, str] = {}
        for origin in origins:
            name = origin.label if what == "label" else origin.group
            if (
                name
                and roles.setdefault(name, origin.role) != origin.role
                and (what == "group" or KNOWN in (origin.role, roles[name]))
            ):
                raise EarmarkError(
                    f"{csv}: the {what} {name} is {roles[name]} in one row and {origin.role} in another"
                )


def _rows(csv: Path, columns: Columns) -> list[tuple[int, dict[str, str]]]:
    """Return line number and cells of every row that has any; COLUMNS and confidences only."""
    header, numbered = read_cells(csv, columns)
    for column in COLUMNS:
        if header.count(column) > 1:
            raise EarmarkError(f"{csv} has the column '{column}' twice")
    rows = []
    for line, cells in numbered:
        if any(cells[len(header) :]):
            raise EarmarkError(f"{csv} line {line} has more cells than there are columns: quotes missing?")
        row = dict(zip(header, cells, strict=False))
        confidences = {column: spelled(cell) for column, cell in row.items() if column.endswith(CONFIDENCE)}
        texts = {column: spelled(row.get(column, "")) for column in COLUMNS}
        rows.append((line, texts | confidences | {"path": _path(row.get("path", ""))}))
    return rows


def _path(cell: str) -> str:
    """The path that a cell states, of `file://` URLs too."""
    path = trimmed(cell)
    scheme, mark, rest = path.partition("://")
    return unquote(rest.removeprefix("localhost")) if mark and scheme.lower() == "file" else path
