"""JSON records of pieces: a file each, or all in one file, a line each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from earmark.foundation.atomic import replacing
from earmark.foundation.errors import EarmarkError, PieceError


def read_record(path: Path) -> dict[str, Any]:
    """The record of one piece.

    Raises:
        PieceError: It cannot be read.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record, dict):
            raise ValueError("it is no JSON object")
        return record
    except (OSError, ValueError) as error:
        raise PieceError(f"{path} cannot be read: {error}") from error


def write_records(folder: Path, piece_ids: Iterable[str], table: Path) -> None:
    """Gather the records of pieces in one file, a line a piece, which DVC compares faster than many.

    Args:
        folder: Holds `<piece_id>.json`.
        piece_ids: Which pieces, in the order of the lines.
        table: The file to write.

    Raises:
        PieceError: A record cannot be read.
    """
    with replacing(table) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for piece_id in piece_ids:
            record = read_record(folder / f"{piece_id}.json")
            file.write(json.dumps({"piece_id": piece_id, **record}) + "\n")


def read_records(table: Path) -> dict[str, dict[str, Any]]:
    """The records that `write_records` wrote, by piece_id.

    Raises:
        EarmarkError: They cannot be read.
    """
    try:
        with table.open(encoding="utf-8") as file:
            rows = [dict(json.loads(line)) for line in file]
        return {row.pop("piece_id"): row for row in rows}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EarmarkError(f"{table} cannot be read: run dvc repro validate ({error})") from error
