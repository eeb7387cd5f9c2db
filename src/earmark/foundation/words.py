"""Numbers, paths and tables as people and programs read them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

# Control characters, bytes that are no UTF-8 (lone surrogates), separators of lines, and what turns the
# direction of writing or is not seen. Joiners stay: Persian, Hindi and emoji are written with them.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_MOST_BYTES = 240  # of a file's name, before number and suffix


def fixed(value: float | None, digits: int = 3) -> str:
    """A number with `digits` decimals; a dash for None."""
    return "–" if value is None else f"{value:.{digits}f}"


def shown(path: Path, base: Path) -> str:
    """A path relative to `base` where it lies below it, else as it is."""
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)


def printable(text: str | Path) -> str:
    r"""A text on one line as a terminal may show it: what would move the cursor or hide letters is escaped.

    Args:
        text: A path, label or title; bytes that are no UTF-8 become `\xe9`, a line end `\n`.
    """
    return _UNPRINTABLE.sub(_escaped, str(text))


def in_utf8(text: str) -> str:
    r"""A text that UTF-8 can hold: bytes of a file's name that are no UTF-8 become `\xe9`."""
    return re.sub("[\ud800-\udfff]", _escaped, text)


def file_stem(name: str) -> str:
    """A name cut so that a file may be called by it, a number and a suffix: 255 bytes are the most."""
    while len(os.fsencode(name)) > _MOST_BYTES:
        name = name[:-1]
    return name


def json_text(content: object) -> str:
    r"""JSON for programs, as a terminal may show it, too.

    Args:
        content: Plain values. Bytes of names that are no UTF-8 become what Python makes of them, `\udce9`.
    """
    return "\n".join(map(_escaped_json, json.dumps(content, indent=2, ensure_ascii=False).split("\n")))


def compact_json(content: object) -> str:
    """The same as one line of JSON Lines."""
    return _escaped_json(json.dumps(content, ensure_ascii=False))


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Lines of a table with commas, whatever its cells hold.

    Args:
        rows: The header, then the rows.

    Yields:
        Each row with a POSIX line end.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # so that it quotes a cell with either of them
    for row in rows:
        writer.writerow(row)
        yield in_utf8(text.getvalue().removesuffix("\r\n") + "\n")
        text.seek(0)
        text.truncate()


def never_refuse() -> None:
    """Let standard output take every character; one that its encoding lacks is escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _escaped_json(line: str) -> str:
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # os.fsdecode puts a byte there
        return f"\\x{code - 0xDC00:02x}"
    return match[0].encode("unicode_escape").decode("ascii")
