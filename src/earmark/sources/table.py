"""A CSV of music: columns path, label and optionally group, role, split, title.

Paths are relative to the CSV. `music21:…` names a score that the music21 package ships.
"""

from __future__ import annotations

from pathlib import Path

from earmark.catalog import KNOWN, ROLES, SPLITS, read_table
from earmark.errors import EarmarkError
from earmark.sources.origin import Origin

PACKAGE_PREFIX = "music21:"


def read_csv(csv: Path) -> list[Origin]:
    """The pieces that a CSV lists, in its order. Raises EarmarkError naming what is wrong in it."""
    table = read_table(csv)
    table.columns = [str(name).strip().lower() for name in table.columns]
    for column in ("path", "label"):
        if column not in table.columns:
            raise EarmarkError(f"{csv} has no column '{column}': needed are path and label")
    for column, allowed in (("role", ROLES), ("split", SPLITS)):
        if column in table.columns:
            values = table[column].str.strip()
            wrong = table[~values.isin([*allowed, ""])]
            if len(wrong):
                line = wrong.index[0] + 2
                raise EarmarkError(
                    f"{csv} line {line}: {column} '{wrong[column].iloc[0]}' is none of {', '.join(allowed)}"
                )
    if table.empty:
        raise EarmarkError(f"{csv} lists no pieces")
    if (twice := table[table.path.duplicated()]).size:
        raise EarmarkError(f"{csv} line {twice.index[0] + 2}: {twice.path.iloc[0]} is listed twice")
    base = csv.resolve().parent
    origins = []
    for row in table.to_dict("records"):
        name = row["path"].strip()
        role = (row.get("role") or "").strip() or KNOWN
        if role == KNOWN and not row["label"].strip():
            raise EarmarkError(f"{csv}: {name} has no label; only unknown pieces may go without")
        origins.append(
            Origin(
                name=name,
                label=row["label"].strip(),
                group=(row.get("group") or "").strip() or name,
                role=role,
                split=(row.get("split") or "").strip(),
                title=(row.get("title") or "").strip() or Path(name).stem,
                file=None if name.startswith(PACKAGE_PREFIX) else base / name,
            )
        )
    return origins
