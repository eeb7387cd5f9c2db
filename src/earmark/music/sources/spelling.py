"""Names that look alike are alike: Unicode's two forms of an accent, and spaces that nobody sees.

A Mac writes `ř` as two characters (NFD), a spreadsheet as one (NFC); web pages and spreadsheets leave
non-breaking and zero-width spaces in cells.

References:
    Unicode Standard Annex 15, "Unicode normalization forms".
"""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

# Zero-width space, word joiner, byte order mark, soft hyphen, marks of direction. Joiners (U+200C, U+200D)
# are letters' business in Persian, Hindi and emoji: they count, but not at either end.
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_JOINERS = "\u200c\u200d"


def spelled(text: str) -> str:
    """Return a label or work as it is compared: NFC, single plain spaces, nothing that is not seen.

    Args:
        text: As a catalog or a folder's name spells it.
    """
    seen = _UNSEEN.sub("", unicodedata.normalize("NFC", text))
    words = (word.strip(_JOINERS) for word in "".join(map(_seen, seen)).split())
    return " ".join(word for word in words if word)


def _seen(character: str) -> str:
    """A character of a label: a control character is none, unless it parts words as a line end does."""
    return "" if unicodedata.category(character) == "Cc" and not character.isspace() else character


def trimmed(text: str) -> str:
    """Return a path without the spaces, seen or unseen, at its ends; those inside may be its file's."""
    return re.sub(rf"^(?:\s|{_UNSEEN.pattern})+|(?:\s|{_UNSEEN.pattern})+$", "", text)


class Files:
    """The files that a catalog means, in whichever form the file system spells them."""

    def __init__(self, base: Path) -> None:
        """Look for files.

        Args:
            base: The folder that paths are relative to.
        """
        self._base = base
        self._spellings: dict[Path, dict[str, str]] = {}

    def find(self, name: str) -> Path:
        r"""Find a file.

        Args:
            name: Its path; where no file is called so, `\` stands for `/` and `~` for the home folder.

        Returns:
            The file; base and name where there is none.
        """
        asked = self._base / name
        if os.path.lexists(asked):
            return asked
        for meant in dict.fromkeys((name, name.replace("\\", "/"))):
            file = self._base / (os.path.expanduser(meant) if meant.startswith("~/") else meant)
            there = self._walked(file)
            if there is not None:
                return there
        return asked

    def _walked(self, file: Path) -> Path | None:
        """Go down a path, each part by its spelling; None where a part is missing."""
        if os.path.lexists(file):
            return file
        above = None if file.parent == file else self._walked(file.parent)
        if above is None:
            return None
        if above not in self._spellings:
            self._spellings[above] = _spellings(above)
        name = self._spellings[above].get(spelled(file.name))
        return None if name is None else above / name


def _spellings(folder: Path) -> dict[str, str]:
    """The names in a folder by how they are spelled."""
    try:
        names = os.listdir(folder)
    except OSError:
        return {}
    # Of two that look alike the composed one comes last, and is taken.
    names.sort(key=lambda name: (unicodedata.is_normalized("NFC", name), name))
    return {spelled(name): name for name in names}
