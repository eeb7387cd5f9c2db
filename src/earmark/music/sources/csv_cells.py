"""The cells of a table as spreadsheets write it: commas, semicolons or tabs; UTF-8 or UTF-16."""

from __future__ import annotations

import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Iterator
from csv import Error, reader
from dataclasses import dataclass
from pathlib import Path

from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.words import printable
from earmark.music.sources.spelling import spelled

DELIMITERS = ",;\t|"
# Those of UTF-32 begin like those of UTF-16.
_MARKS = (
    *((BOM_UTF8, "utf-8-sig"), (BOM_UTF32_LE, "utf-32"), (BOM_UTF32_BE, "utf-32")),
    *((BOM_UTF16_LE, "utf-16"), (BOM_UTF16_BE, "utf-16")),
)
_STATED = re.compile(r'\s*"?sep=(.)"?[ \t]*(?=[\r\n]|\Z)', re.IGNORECASE)  # Excel's first line
_MOST_SHOWN = 6  # columns in a message


@dataclass(frozen=True)
class Columns:
    """What a table calls the columns that are needed.

    Attributes:
        path: That of the files.
        label: That of the labels.
        group: That of the works; "" for `group`, which may be missing.
    """

    path: str = "path"
    label: str = "label"
    group: str = ""

    @property
    def needed(self) -> dict[str, str]:
        """By their names here, how the table spells those that it must have."""
        named = {"path": self.path, "label": self.label, **({"group": self.group} if self.group else {})}
        return {column: spelled(name).lower() for column, name in named.items()}


OWN_COLUMNS = Columns()
Row = tuple[int, list[str]]
"""The number of a row's last line, and its cells."""


def read_cells(csv: Path, columns: Columns = OWN_COLUMNS) -> tuple[list[str], list[Row]]:
    """Read a table.

    Args:
        csv: Its file. What parts the cells is what a first line `sep=` states, else what makes the columns
            that are needed of the header.
        columns: What it calls them.

    Returns:
        The header in small letters, with `path`, `label` and `group` for what the table calls so, and the
        rows that are not empty.

    Raises:
        EarmarkError: It cannot be read, is no table, or lacks a column that is needed.
    """
    text = _text(csv)
    stated = _STATED.match(text)
    try:
        delimiter = stated[1] if stated else _delimiter(text, set(columns.needed.values()))
        rows = list(_rows(text, delimiter))[1 if stated else 0 :]
    except Error as error:
        raise EarmarkError(f"{csv} is not a CSV table: {error}: quotes missing?") from error
    header = [spelled(name).lower() for name in rows[0][1]] if rows else []
    for name in columns.needed.values():
        if name not in header:
            says = ", ".join(printable(name) for name in rows[0][1][:_MOST_SHOWN]) if rows else "nothing"
            raise EarmarkError(
                f"{csv} has no column '{name}': its first line must name the columns path (the files) and "
                f"label (their classes), or --path-column and --label-column must, and says {says[:200]}"
            )
    return [_renamed(name, columns.needed) for name in header], rows[1:]


def _renamed(name: str, needed: dict[str, str]) -> str:
    """What a column is called here; one that another stands for is not used."""
    for column, theirs in needed.items():
        if name == theirs:
            return column
    return f"{name} (not used)" if name in needed else name


def _delimiter(text: str, needed: set[str]) -> str:
    """The character that makes the most of the header: one of the usual, else any other that is no letter."""

    def columns(delimiter: str) -> tuple[int, int]:
        try:
            _, header = next(_rows(text, delimiter), (0, []))
        except Error:
            return 0, 0
        names = {spelled(name).lower() for name in header}
        return len(names & needed), len(header)

    usual = max(DELIMITERS, key=columns)  # the comma where others are no better
    if columns(usual)[0] == len(needed):
        return usual
    first = next((line for line in text.splitlines() if line.strip()), "")
    others = sorted(one for one in set(first) - set("\"'_-. ") if one.isprintable() and not one.isalnum())
    return max((usual, *others, " "), key=lambda delimiter: columns(delimiter)[0])


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    lines = reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    for cells in lines:
        if any(trimmed for cell in cells if (trimmed := cell.strip())):
            yield lines.line_num, cells


def _text(csv: Path) -> str:
    """The text of a file, without marks of its encoding and its end."""
    try:
        data = csv.read_bytes()
    except OSError as error:
        raise EarmarkError(f"{csv} cannot be read: {describe(error)}") from error
    if data.startswith(b"PK\x03\x04"):
        raise EarmarkError(f"{csv} is not a CSV table but a spreadsheet's own file: save it as CSV UTF-8")
    try:
        text = data.decode(_encoding(data)).lstrip("\ufeff")
    except UnicodeDecodeError as error:
        line, byte = data.count(b"\n", 0, error.start) + 1, data[error.start]
        raise EarmarkError(
            f"{csv} is not a CSV table in UTF-8 or UTF-16: line {line} has the byte 0x{byte:02x}: "
            "save it as CSV UTF-8, or convert it with iconv -t UTF-8 -f and its encoding, such as CP1252"
        ) from error
    if "\0" in text:
        raise EarmarkError(f"{csv} is not a CSV table in UTF-8 or UTF-16: it has bytes of zero")
    return re.sub(r"\x1a\s*\Z", "", text)  # where DOS ended a file


def _encoding(data: bytes) -> str:
    """The encoding by its mark at the beginning; without one UTF-16 is told by every other byte of zero."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    start = data[:1000]
    many = len(start) // 20  # a tenth: the letters between the commas may be any
    high, low = (start[first::2].count(0) > many for first in (0, 1))
    return {(True, False): "utf-16-be", (False, True): "utf-16-le"}.get((high, low), "utf-8")
