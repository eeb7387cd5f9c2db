"""Which files are meant: paths, folders, globs, and standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from earmark.foundation.errors import EarmarkError, PieceError
from earmark.music.recordings.formats import is_music, known_suffixes, suffix_of

STDIN = "-"


@dataclass(frozen=True)
class Target:
    """A file of music.

    Attributes:
        name: What the user calls it.
        file: Where its bytes lie.
        within: Its path below the folder that the user named; "" where it was named itself.
    """

    name: str
    file: Path
    within: str = ""


def find_targets(arguments: Sequence[str], scratch: Path) -> list[Target]:
    """List the files that arguments name.

    Args:
        arguments: Paths of files, which are taken whatever they are; folders, for every music file below
            them; globs; `-` for standard input.
        scratch: A folder for what standard input holds.

    Returns:
        The files, those of a folder or glob sorted.

    Raises:
        EarmarkError: There is none.
    """
    targets: list[Target] = []
    for argument in arguments:
        path = Path(os.path.expanduser(argument))
        if argument == STDIN:
            targets.append(Target(STDIN, _from_stdin(scratch)))
        elif os.path.isdir(path):
            below = [Path(root) / name for root, _, names in os.walk(path) for name in names]
            music = [file for file in below if is_music(file)]
            targets += [
                Target(str(file), file, str(file.relative_to(path)))
                for file in sorted(music)
                if not file.name.startswith(".")
            ]
        elif not os.path.exists(path) and glob.has_magic(argument):
            targets += [
                Target(name, Path(name))
                for name in sorted(glob.glob(str(path), recursive=True))
                if Path(name).is_file()
            ]
        else:
            targets.append(Target(argument, path))
    if not targets:
        raise EarmarkError(f"no music in {', '.join(arguments)}: known are {known_suffixes()}")
    return targets


def _from_stdin(scratch: Path) -> Path:
    """Standard input as a file. Raises EarmarkError where it is empty."""
    data = sys.stdin.buffer.read()
    if not data:
        raise EarmarkError("standard input is empty: earmark identify - < FILE")
    suffix = ""
    with suppress(PieceError):  # what it is instead is said when it is heard
        suffix = suffix_of(data)
    path = scratch / f"stdin{suffix}"
    path.write_bytes(data)
    return path
