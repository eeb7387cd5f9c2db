"""A folder of music: `DIR/<label>/**/<file of music>`."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from earmark.foundation.errors import EarmarkError
from earmark.foundation.words import printable
from earmark.music.recordings.formats import is_music, known_suffixes
from earmark.music.sources.origin import Origin
from earmark.music.sources.readable import fault_of, fault_of_name
from earmark.music.sources.spelling import spelled


def read_folder(folder: Path) -> list[Origin]:
    """List every music file below a label's folder, sorted by path; hidden files are left out.

    Files in a folder below the label's are one work; a file directly in it is a work of its own. What cannot
    be read is listed with its `fault`.

    Raises:
        EarmarkError: It is no folder, or there is no music in it.
    """
    if not folder.is_dir():
        raise EarmarkError(f"{folder} is not a folder: point `earmark use` at one")
    origins = []
    for path in sorted(files_below(folder)):
        parts = path.relative_to(folder).parts
        if len(parts) >= 2 and is_music(path):
            origins.append(_origin(path, parts))
    if not origins:
        raise EarmarkError(
            f"{folder} holds no music: expected {folder}/<label>/<file>, file one of {known_suffixes()}"
        )
    return origins


def others_in(folder: Path) -> Counter[str]:
    """Count the files of a folder that `read_folder` does not list, by kind.

    Returns:
        How many there are by suffix, and of music in no label's folder.
    """
    kinds: Counter[str] = Counter()
    for path in files_below(folder):
        if not is_music(path):
            kinds[path.suffix.lower() or "without suffix"] += 1
        elif path.parent == folder:
            kinds["music in no label's folder"] += 1
    return kinds


def _origin(path: Path, parts: tuple[str, ...]) -> Origin:
    """The piece in a file; parts of its path begin with the label."""
    name = "/".join(parts)
    fault = fault_of_name(name)
    if fault:  # bytes that are no UTF-8 are shown by their numbers
        parts = tuple(map(printable, parts))
        name = "/".join(parts)
    return Origin(
        name=name,
        label=spelled(parts[0]) or parts[0],
        group=spelled("/".join(parts[:2])),
        title=Path(parts[-1]).stem,
        file=path,
        fault=fault or fault_of(path),
    )


def files_below(folder: Path) -> list[Path]:
    """All files below a folder, through links too, but hidden ones."""
    paths: list[Path] = []
    for root, folders, files in os.walk(folder, followlinks=True):
        parent = Path(root)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and not (os.path.islink(parent / name) and _leads_back(parent / name))
        ]
        paths.extend(parent / name for name in files if not name.startswith("."))
    return paths


def _leads_back(link: Path) -> bool:
    """Tell whether a link leads to a folder that it lies in, and would be followed without end."""
    parent = link.parent
    ancestors = {path.resolve() for path in (parent, *parent.parents)} | {*parent.resolve().parents}
    return link.resolve() in ancestors
