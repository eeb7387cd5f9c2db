"""Find the soundfont that plays MIDI, and check it."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from earmark.foundation.errors import EarmarkError
from earmark.store.digest import digest_file

DEFAULT = "TimGM6mb.sf2"  # General MIDI bank by Tim Brechbill, GPL-2; ships inside pretty_midi


def soundfont_path(name: str, base: Path) -> Path:
    """Return the file of a soundfont.

    Args:
        name: `TimGM6mb.sf2` or "" for the one that pretty_midi ships, else a path.
        base: Folder of relative paths.

    Raises:
        EarmarkError: The file is missing, or is no SoundFont 2 or 3 file.
    """
    if name in ("", DEFAULT):
        spec = importlib.util.find_spec("pretty_midi")
        if spec is None or spec.origin is None:
            raise EarmarkError("pretty_midi, which ships the default soundfont, is not installed: make setup")
        path = Path(spec.origin).parent / DEFAULT
    else:
        path = base / Path(name).expanduser()
    try:
        with path.open("rb") as file:
            header = file.read(12)
    except OSError as error:
        raise EarmarkError(
            f"soundfont {path}: {error.strerror}; set render.soundfont to a readable .sf2 file"
        ) from error
    if header[:4] != b"RIFF" or header[8:12] != b"sfbk":
        raise EarmarkError(
            f"soundfont {path} is not a SoundFont file: set render.soundfont to an .sf2 or .sf3"
        )
    return path


@cache
def soundfont_digest(path: Path) -> str:
    """Return the SHA-256 of a soundfont's bytes: a part of the key of everything it plays."""
    return digest_file(path)
