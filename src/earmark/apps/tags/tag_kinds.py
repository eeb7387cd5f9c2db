"""Kinds of tags that earmark writes, the names that programs give them, and values that say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

KINDS = ("genre", "key", "composer", "bpm")
Values = dict[str, list[str]]
New = Mapping[str, str | Sequence[str]]
"""Tags to write: of each kind a value, or several."""
Pairs = list[tuple[str | None, str]]
"""Kind and value of what was found; of kind None what does not matter."""

# Of free fields (TXXX, Vorbis comments, APE items, atoms of MP4), in small letters without spaces and dashes.
_NAMES = {
    "genre": "genre",
    "tcon": "genre",
    "key": "key",
    "initialkey": "key",
    "musicalkey": "key",
    "tkey": "key",
    "composer": "composer",
    "tcom": "composer",
    "bpm": "bpm",
    "tbpm": "bpm",
    "beatsperminute": "bpm",
}
_SAYS_NOTHING = {"", "unknown", "unknown genre", "unknown composer", "unknown artist", "unknown key"}


def listed(value: str | Sequence[str]) -> list[str]:
    """A value, or several, as a list."""
    return [value] if isinstance(value, str) else list(value)


def kind_of(name: str) -> str | None:
    """The kind of tag that a free field is, by its name: `INITIAL KEY`, `Initial_Key`, `initialkey`.

    Returns:
        None for other fields.
    """
    return _NAMES.get(re.sub(r"[\s_-]", "", name).lower())


def filled(pairs: Iterable[tuple[str | None, str]]) -> Values:
    """Collect values by kind, in their order.

    Args:
        pairs: Kind and value; of kind None those that do not matter.

    Returns:
        Without empty values and those that say that nothing is known (`Unknown`, `<Unknown>`, 0 beats a
        minute).
    """
    values: Values = {}
    for kind, value in pairs:
        said = value.strip().strip("<>()[]").lower()
        no_tempo = kind == "bpm" and not said.strip("0.,")
        if kind is not None and said not in _SAYS_NOTHING and not no_tempo:
            values.setdefault(kind, []).append(value)
    return values
