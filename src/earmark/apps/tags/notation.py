"""Keys in the notations of tags: that of ID3, Camelot and Open Key."""

from __future__ import annotations

import re

from earmark.decisions.keys import KEYS, SEMITONES

KEY = re.compile(r"([A-Ga-g])([b#♭♯]?)[ -]?(major|minor)", re.IGNORECASE)
NOTATIONS = ("standard", "camelot", "openkey")
FIFTH = 7  # semitones
# The spellings of DJ software, which are those of the fewest sharps or flats; of F# and Gb it takes F#.
STANDARD = (
    *("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
    *("Cm", "C#m", "Dm", "Ebm", "Em", "Fm", "F#m", "Gm", "G#m", "Am", "Bbm", "Bm"),
)
"""Majors, then minors, by semitones from C: the order of `earmark.decisions.keys.KEYS`."""
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "b": -1, "♭": -1, "#": 1, "♯": 1}


def initial_key(label: str, notation: str = "standard") -> str | None:
    """The initial key of a label: `Db` for `Db major`, `Am` for `A minor`; in Camelot `3B` and `8A`.

    Vorbis comments and iTunes use the notation of ID3: tonic, b or #, m for minor, three characters at most.
    Camelot and Open Key number the circle of fifths, so that keys with equal or adjacent numbers mix well:
    Camelot from A flat minor (1A) and B major (1B), Open Key from A minor (1m) and C major (1d).

    Args:
        label: A label of a model.
        notation: One of NOTATIONS.

    Returns:
        The key; None where the label is none.

    References:
        ID3 tag version 2.4.0, native frames, 4.2.3: TKEY. Mixed In Key, Camelot wheel; Beatunes, Open Key
        notation.
    """
    place = _place(label)
    if place is None:
        return None
    if notation == "standard":
        return STANDARD[place]
    minor, tonic = divmod(place, SEMITONES)
    major = (tonic + 3 * minor) % SEMITONES  # of a minor key its relative major
    number = major * FIFTH % SEMITONES  # fifths above C
    if notation == "openkey":
        return f"{number + 1}{'m' if minor else 'd'}"
    return f"{(number + 7) % SEMITONES + 1}{'A' if minor else 'B'}"


def _place(label: str) -> int | None:
    """The place of a label's key in KEYS, however it is spelled; None where it is none."""
    match = KEY.fullmatch(label.strip())
    if match is None:
        return None
    letter, accidental, mode = match.groups()
    tonic = (_LETTERS[letter.upper()] + _ACCIDENTALS[accidental.lower()]) % SEMITONES
    return tonic + (len(KEYS) // 2 if mode.lower() == "minor" else 0)
