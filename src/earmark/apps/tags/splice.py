"""Parts of a file replaced, whatever its length, without holding it in memory."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

BLOCK = 1 << 20  # bytes copied at a time
Edit = tuple[int, int, bytes]
"""Where a part begins and ends, and what stands there afterwards."""


def splice(path: Path, edits: Sequence[Edit]) -> None:
    """Replace parts of a file.

    Args:
        path: The file.
        edits: In the order of their places, not overlapping.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".earmark-")
    try:
        with os.fdopen(handle, "wb") as new, path.open("rb") as old:
            place = 0
            for start, end, replacement in edits:
                _copy(old, new, place, start)
                new.write(replacement)
                place = end
            _copy(old, new, place, os.fstat(old.fileno()).st_size)
        shutil.copystat(path, name)
        os.rename(name, path)
    finally:
        Path(name).unlink(missing_ok=True)


def _copy(old: BinaryIO, new: BinaryIO, start: int, end: int) -> None:
    old.seek(start)
    while start < end and (block := old.read(min(BLOCK, end - start))):
        new.write(block)
        start += len(block)
