"""What DVC is to pass over in a folder of music: `data/.dvcignore`.

DVC hashes every file below `data/source`. A link to nowhere ends it in an error, a pipe keeps it waiting
for ever, and a name that is not UTF-8 it cannot note down: `.dvcignore` in the checkout has a pattern
for such names, and this file has a line for each of the others.
"""

from __future__ import annotations

import os
import string
from pathlib import Path

from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError
from earmark.music.sources.readable import fault_of, fault_of_name

MARK = "# What DVC cannot read in the folder that data/source links to, by `earmark use`.\n"
_PLAIN = frozenset(string.ascii_letters + string.digits + "._-")


def ignore_file(source: Path) -> Path:
    """The file beside `data/source`.

    Raises:
        EarmarkError: It is somebody else's.
    """
    file = source.parent / ".dvcignore"
    if file.is_file() and not file.read_text(encoding="utf-8", errors="replace").startswith(MARK):
        raise EarmarkError(f"{file} is not earmark's: move its lines to the .dvcignore of the checkout")
    return file


def write_ignored(source: Path, folder: Path) -> None:
    """Tell DVC what to pass over.

    Args:
        source: `data/source`, a link to the folder.
        folder: The folder of music.
    """
    names = _unhashable(folder)
    if names:
        lines = (f"/{source.name}/{_pattern(name)}\n" for name in sorted(names))
        write_text(ignore_file(source), f"{MARK}{''.join(lines)}")
    else:
        ignore_file(source).unlink(missing_ok=True)


def _unhashable(folder: Path) -> list[str]:
    """Paths of what cannot be read below a folder. As DVC does, this follows no links to folders."""
    names: list[str] = []

    def unlisted(error: OSError) -> None:
        names.append(os.path.relpath(error.filename, folder))

    for root, _, files in os.walk(folder, onerror=unlisted):
        paths = (Path(root) / name for name in files)
        names += [str(path.relative_to(folder)) for path in paths if fault_of(path)]
    return [name for name in names if not fault_of_name(name)]


def _pattern(name: str) -> str:
    """A path as a pattern of `.dvcignore` that means this path alone, but for `?` in place of line ends."""
    return "".join(map(_escaped, name))


def _escaped(character: str) -> str:
    if character in _PLAIN or character == "/" or (character > "\x9f" and not character.isspace()):
        return character
    return f"\\{character}" if character.isprintable() else "?"
