"""Keys in the notation of tags."""

from __future__ import annotations

import re

KEY = re.compile(r"([A-Ga-g])([b#♭♯]?)[ -]?(major|minor)", re.IGNORECASE)


def initial_key(label: str) -> str | None:
    """The initial key of a label: `Db` for `Db major`, `Am` for `A minor`.

    Vorbis comments and iTunes use the notation of ID3: tonic, b or #, m for minor, three characters at most.

    Args:
        label: A label of a model.

    Returns:
        The key; None where the label is none.

    References:
        ID3 tag version 2.4.0, native frames, 4.2.3: TKEY.
    """
    match = KEY.fullmatch(label.strip())
    if match is None:
        return None
    tonic, accidental, mode = match.groups()
    accidental = accidental.lower().replace("♭", "b").replace("♯", "#")
    return f"{tonic.upper()}{accidental}{'m' if mode.lower() == 'minor' else ''}"
