"""The piece table: columns, reading and writing, how many works a label needs; one row a piece.

| column   | meaning |
|----------|---------|
| piece_id | name of the piece in every table and file of the pipeline; safe as a file name |
| path     | where the piece came from, for people and for error messages |
| media    | `midi` or `audio` |
| label    | class to be learned (composer, author, genre…); may be empty for test-only pieces |
| group    | the work: what must not straddle a split |
| role     | `known`, `unknown-calibration` or `unknown-test` |
| split    | `train`, `validation`, `test` where the source fixes it, else empty |
| title    | for people |
| raw      | name of the file in `data/raw/` |
| sha256   | of that file |
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError
from earmark.foundation.words import printable

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["piece_id", "path", "media", "label", "group", "role", "split", "title", "raw", "sha256"]
RENDERING_MARK = "~"  # in names of further renderings, before their number; ids have letters, digits, dashes
KNOWN, CALIBRATION, TEST = "known", "unknown-calibration", "unknown-test"
ROLES = (KNOWN, CALIBRATION, TEST)
SPLITS = ("train", "validation", "test")
QUARANTINE_COLUMNS = ["piece_id", "path", "label", "stage", "reason"]
LEAST_WORKS = 3  # of a label: one each to train, validate and test on
_MOST_NAMED = 5  # labels in a message


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV table as text; empty cells are empty strings.

    Raises:
        EarmarkError: The file is missing, or is no CSV table in UTF-8.
    """
    import pandas as pd  # takes half a second: not for `earmark --help` and `earmark use`

    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise EarmarkError(f"{path} is missing: run the stages before this one (dvc repro)") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise EarmarkError(f"{path} is not a CSV table in UTF-8: {error}") from error


def heard_beginnings(pieces: pd.DataFrame, made: pd.Series, notes_of: str | None) -> pd.DataFrame:
    """The test pieces whose first seconds were both read and heard: what the price of hearing is measured on.

    Args:
        pieces: The table of splits.
        made: Names of the pieces and further renderings that have features.
        notes_of: Setting features.notes_of; None for a front end without it.

    Returns:
        Columns piece_id, label, and the name of its first `rendering`; no row where notes are not read.
    """
    known = pieces[(pieces.role == KNOWN) & (pieces.split == "test")].sort_values("piece_id")
    table = known[["piece_id", "label"]].assign(rendering=known.piece_id + RENDERING_MARK + "1")
    return table[table.rendering.isin(made) & (notes_of == "file")].reset_index(drop=True)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV table atomically, with POSIX line ends; equal tables give equal bytes."""
    text = table.to_csv(index=False, lineterminator="\n")
    if "\r" in text:  # which pandas does not quote of itself, and readers take for the end of a row
        text = table.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    write_text(path, text)


def quarantine_rows(pieces: pd.DataFrame, reasons: dict[str, str], stage: str) -> pd.DataFrame:
    """Make the rows of the quarantine table for pieces that a stage could not use.

    Args:
        pieces: The piece table.
        reasons: Why a piece cannot be used, by piece_id.
        stage: The stage that refused them.

    Returns:
        One row a refused piece, with QUARANTINE_COLUMNS.
    """
    rows = pieces[pieces.piece_id.isin(reasons)].copy()
    rows["stage"] = stage
    rows["reason"] = rows.piece_id.map(reasons)
    return rows.reindex(columns=QUARANTINE_COLUMNS)


def too_few(works: Iterable[tuple[str, str]], least: int = LEAST_WORKS) -> dict[str, int]:
    """Count the works of labels that have too few.

    Args:
        works: Label and work of each known piece.
        least: How many a label needs.

    Returns:
        The number of works by label, sorted by label.
    """
    return {label: len(names) for label, names in sorted(_by_label(works).items()) if len(names) < least}


def check_works(works: Iterable[tuple[str, str]]) -> None:
    """Check that there is enough to learn from.

    Args:
        works: Label and work of each known piece.

    Raises:
        EarmarkError: There are fewer than two labels, or one has too few works.
    """
    works = list(works)
    labels = _by_label(works)
    if len(labels) < 2:
        raise EarmarkError(
            f"there are pieces of {len(labels)} known label(s): to tell them apart, two or more are needed"
        )
    if few := too_few(works):
        named = ", ".join(f"{printable(label)} ({count})" for label, count in list(few.items())[:_MOST_NAMED])
        more = f" and {len(few) - _MOST_NAMED} other labels" if len(few) > _MOST_NAMED else ""
        raise EarmarkError(
            f"too few works of {named}{more}: a label needs {LEAST_WORKS}, one each to train, validate and "
            "test on; add works, give the label the role unknown-test, or leave such labels out: "
            f"data.min_works={LEAST_WORKS} in overrides.yaml"
        )


def _by_label(works: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    labels: dict[str, set[str]] = {}
    for label, work in works:
        labels.setdefault(label, set()).add(work)
    return labels
