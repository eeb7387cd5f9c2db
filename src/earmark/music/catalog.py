"""The piece table: one row a piece, from ingest to verdict.

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

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["piece_id", "path", "media", "label", "group", "role", "split", "title", "raw", "sha256"]
KNOWN, CALIBRATION, TEST = "known", "unknown-calibration", "unknown-test"
ROLES = (KNOWN, CALIBRATION, TEST)
SPLITS = ("train", "validation", "test")
QUARANTINE_COLUMNS = ["piece_id", "path", "label", "stage", "reason"]


@dataclass(frozen=True)
class Merge:
    """Several labels under one: `{classical: [concerto, sonata]}`, as conf/data states it."""

    into: Mapping[str, str]

    @classmethod
    def of(cls, setting: Mapping[str, Any]) -> Merge:
        """Raises EarmarkError where it is not a list of labels by label, or a label goes two ways or is
        made `unknown`."""
        into: dict[str, str] = {}
        for label, merged in setting.items():
            if label == "unknown":
                raise EarmarkError(
                    "data.merge: no label can be called unknown, which is the verdict on strangers"
                )
            if not isinstance(merged, list) or not all(isinstance(name, str) for name in merged):
                raise EarmarkError(
                    f"data.merge.{label} must be a list of labels, for example "
                    "data.merge={classical: [concerto, sonata]}"
                )
            for name in merged:
                if into.setdefault(name, str(label)) != str(label):
                    raise EarmarkError(f"data.merge: {name} goes into both {into[name]} and {label}")
        return cls(into)

    def __call__(self, label: str) -> str:
        return self.into.get(label, label)


def piece_id(label: str, title: str, identity: bytes) -> str:
    """A readable name, safe as a file name, unique by a digest of `identity`: a path, or a file's bytes."""
    words = re.sub(r"[^a-z0-9]+", "-", f"{label} {title}".lower()).strip("-")
    return f"{words[:60].rstrip('-')}-{hashlib.sha256(identity).hexdigest()[:8]}".lstrip("-")


def read_table(path: Path) -> pd.DataFrame:
    """A table of text; empty cells are empty strings. Raises EarmarkError where it is missing."""
    import pandas as pd  # half a second, which `earmark --help` and `earmark use` need not wait

    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise EarmarkError(f"{path} is missing: run the stages before this one (dvc repro)") from error
    except (ValueError, UnicodeDecodeError) as error:
        raise EarmarkError(f"{path} is not a CSV table in UTF-8: {error}") from error


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write with POSIX line ends in one step; equal tables give equal bytes."""
    write_text(path, table.to_csv(index=False, lineterminator="\n"))


def quarantine_rows(pieces: pd.DataFrame, reasons: dict[str, str], stage: str) -> pd.DataFrame:
    """Rows of the quarantine table for the pieces (by piece_id) that `stage` could not use."""
    rows = pieces[pieces.piece_id.isin(reasons)].copy()
    rows["stage"] = stage
    rows["reason"] = rows.piece_id.map(reasons)
    return rows.reindex(columns=QUARANTINE_COLUMNS)
