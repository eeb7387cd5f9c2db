"""Numbers and paths as people read them."""

from __future__ import annotations

import re
from pathlib import Path

# Control characters, bytes that are no UTF-8 (lone surrogates), separators of lines, and what turns the
# direction of writing or is not seen. Joiners stay: Persian, Hindi and emoji are written with them.
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


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


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # os.fsdecode puts a byte there
        return f"\\x{code - 0xDC00:02x}"
    return match[0].encode("unicode_escape").decode("ascii")
