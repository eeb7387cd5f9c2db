"""What a WAV states of its length, which libsndfile silently corrects where the file is cut short."""

from __future__ import annotations

import os
import struct
from pathlib import Path

HEAD, FORM = 8, 12  # bytes of a chunk's head, and of the file's
_STREAMED = 0x7FFFFF00  # sizes from here on were never filled in


def stated_share(file: Path) -> float:
    """How many times the sound that is there the chunk of sound states; 0 where it states no more.

    Raises:
        OSError: It cannot be read.
    """
    with file.open("rb") as handle:
        end = handle.seek(0, os.SEEK_END)
        handle.seek(0)
        if handle.read(4) != b"RIFF":
            return 0.0
        place = FORM
        while place + HEAD <= end:
            handle.seek(place)
            name, size = struct.unpack("<4sI", handle.read(HEAD))
            there = end - place - HEAD
            if name == b"data":
                return size / there if 0 < there < size < _STREAMED else 0.0
            place += HEAD + size + size % 2
    return 0.0
