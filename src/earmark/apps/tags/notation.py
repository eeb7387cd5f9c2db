"""Keys as tags write them."""

from __future__ import annotations

import re

KEY = re.compile(r"([A-Ga-g])([b#♭♯]?)[ -]?(major|minor)", re.IGNORECASE)


def initial_key(label: str) -> str | None:
    """`Db` for `Db major`, `Am` for `A minor`; None for what is no key.

    The initial key of ID3 (frame TKEY, id3.org/id3v2.4.0-frames, 4.2.3): ground key, b or #, m for minor,
    three characters at most. Vorbis comments and iTunes took the same notation over.
    """
    match = KEY.fullmatch(label.strip())
    if match is None:
        return None
    tonic, accidental, mode = match.groups()
    accidental = accidental.lower().replace("♭", "b").replace("♯", "#")
    return f"{tonic.upper()}{accidental}{'m' if mode.lower() == 'minor' else ''}"
