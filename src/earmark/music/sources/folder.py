"""A folder of music: `DIR/<label>/**/*.{mid,midi,wav,flac,ogg,mp3}`."""

from __future__ import annotations

import os
from pathlib import Path

from earmark.foundation.errors import EarmarkError
from earmark.music.sources.origin import AUDIO_SUFFIXES, MIDI_SUFFIXES, Origin, media_of


def read_folder(folder: Path) -> list[Origin]:
    """Every music file below a label folder, sorted by path; hidden files are left out.

    Files in a folder below the label's are one work; a file directly in it is a work of its own.
    Raises EarmarkError where there is nothing to learn from.
    """
    if not folder.is_dir():
        raise EarmarkError(f"{folder} is not a folder: point `earmark use` at one")
    origins = []
    for path in sorted(_files(folder)):
        parts = path.relative_to(folder).parts
        if len(parts) >= 2 and media_of(path.name):
            name = "/".join(parts)
            work = "/".join(parts[:2])
            origins.append(Origin(name=name, label=parts[0], group=work, title=path.stem, file=path))
    if not origins:
        known = " ".join(sorted(MIDI_SUFFIXES | AUDIO_SUFFIXES))
        raise EarmarkError(f"{folder} holds no music: expected {folder}/<label>/<file>, file one of {known}")
    return origins


def _files(folder: Path) -> list[Path]:
    found = []
    for root, folders, files in os.walk(folder, followlinks=True):
        here = Path(root)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and not (os.path.islink(here / name) and _leads_back(here / name))
        ]
        found.extend(here / name for name in files if not name.startswith("."))
    return found


def _leads_back(link: Path) -> bool:
    """Whether a link leads to a folder that it lies in: it would be followed round and round."""
    here = link.parent
    return link.resolve() in {path.resolve() for path in (here, *here.parents)} | {*here.resolve().parents}
