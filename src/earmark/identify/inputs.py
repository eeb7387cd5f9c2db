"""Which files are meant: paths, folders, globs, and standard input."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from earmark.foundation.errors import EarmarkError
from earmark.music.sources.origin import AUDIO_SUFFIXES, FOREIGN_SUFFIXES, MIDI_SUFFIXES

MUSIC_SUFFIXES = MIDI_SUFFIXES | AUDIO_SUFFIXES | FOREIGN_SUFFIXES
STDIN = "-"
# The first bytes of a file, where they stand, and what such a file is called.
SIGNATURES = (
    (0, b"MThd", ".mid"),
    (128, b"MThd", ".mid"),  # in MacBinary
    (8, b"RMID", ".mid"),
    (8, b"WAVE", ".wav"),
    (0, b"fLaC", ".flac"),
    (0, b"OggS", ".ogg"),
    (0, b"FORM", ".aiff"),
    (4, b"ftyp", ".m4a"),
    (0, b"ID3", ".mp3"),
)


@dataclass(frozen=True)
class Target:
    """A file of music.

    Attributes:
        name: What the user calls it.
        file: Where its bytes lie.
    """

    name: str
    file: Path


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
            music = [file for file in below if file.suffix.lower() in MUSIC_SUFFIXES]
            targets += [Target(str(file), file) for file in sorted(music) if not file.name.startswith(".")]
        elif not os.path.exists(path) and glob.has_magic(argument):
            targets += [
                Target(name, Path(name))
                for name in sorted(glob.glob(str(path), recursive=True))
                if Path(name).is_file()
            ]
        else:
            targets.append(Target(argument, path))
    if not targets:
        raise EarmarkError(
            f"no music in {', '.join(arguments)}: known are {' '.join(sorted(MUSIC_SUFFIXES))}"
        )
    return targets


def suffix_of(data: bytes) -> str:
    """The suffix of the format that a file's first bytes tell.

    Args:
        data: The first twelve bytes or more.

    Returns:
        For example `.flac`; "" where the format is not known.
    """
    for place, mark, suffix in SIGNATURES:
        if data[place : place + len(mark)] == mark:
            return suffix
    # Eleven set bits open an MPEG audio frame.
    return ".mp3" if data[:1] == b"\xff" and len(data) > 1 and data[1] & 0xE0 == 0xE0 else ""


def _from_stdin(scratch: Path) -> Path:
    """Standard input as a file. Raises EarmarkError where it is empty."""
    data = sys.stdin.buffer.read()
    if not data:
        raise EarmarkError("standard input is empty: earmark identify - < FILE")
    path = scratch / f"stdin{suffix_of(data)}"
    path.write_bytes(data)
    return path
