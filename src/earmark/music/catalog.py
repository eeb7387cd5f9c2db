"""The piece table: its columns, and how tables are read and written; one row a piece.

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

from pathlib import Path
from typing import TYPE_CHECKING

from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["piece_id", "path", "media", "label", "group", "role", "split", "title", "raw", "sha256"]
RENDERING_MARK = "~"  # in names of further renderings, before their number; ids have letters, digits, dashes
KNOWN, CALIBRATION, TEST = "known", "unknown-calibration", "unknown-test"
ROLES = (KNOWN, CALIBRATION, TEST)
SPLITS = ("train", "validation", "test")
QUARANTINE_COLUMNS = ["piece_id", "path", "label", "stage", "reason"]


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


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV table atomically, with POSIX line ends; equal tables give equal bytes."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


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
