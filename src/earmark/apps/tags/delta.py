"""How to get an old file back from the new one, in few bytes: the log of an undo that is exact.

A recipe is a list: `[offset, length]` copies from the new file, a string is bytes of the old one, deflated,
in base64. Tags change a few bytes and shift the rest, so that a recipe is small whatever the file's size.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

ANCHOR = 48  # bytes that must agree before something is taken for the same: no chance, and short of a frame
NEAR = 512  # bytes within which the same place is looked for again after a difference
STRIDE = 16  # bytes from one try to the next
FAR = 1 << 20  # bytes on both sides within which anything that was shifted is looked for
BLOCK = 1 << 16  # bytes compared at a time

Recipe = list[Any]


def recipe(old: Any, new: Any) -> Recipe:
    """How to make `old` from `new`; both bytes, or mmap."""
    steps: Recipe = []
    literal = bytearray()
    place = aim = 0  # in the old and in the new file
    while place < len(old):
        length = _agreement(old, place, new, aim)
        if length >= min(ANCHOR, len(old) - place) > 0:
            _flush(steps, literal)
            steps.append([aim, length])
            place, aim = place + length, aim + length
            continue
        skipped, found = _resumed(old, place, new, aim)
        literal += old[place : place + skipped]
        place, aim = place + skipped, found
    _flush(steps, literal)
    return steps


def applied(steps: Sequence[Any], new: Any) -> Iterator[bytes]:
    """The old file in pieces. Raises ValueError for what is no recipe for this file."""
    for step in steps:
        if isinstance(step, str):
            try:
                yield zlib.decompress(base64.b64decode(step, validate=True))
            except zlib.error as error:
                raise ValueError(f"a recipe that is damaged ({error})") from error
            continue
        try:
            offset, length = (int(number) for number in step)
        except TypeError as error:
            raise ValueError(f"{step!r} is no step of a recipe") from error
        if offset < 0 or length < 0 or offset + length > len(new):
            raise ValueError("a recipe for another file")
        for start in range(offset, offset + length, BLOCK):
            yield bytes(new[start : min(start + BLOCK, offset + length)])


def _flush(steps: Recipe, literal: bytearray) -> None:
    if literal:
        steps.append(base64.b64encode(zlib.compress(bytes(literal), 9)).decode("ascii"))
        literal.clear()


def _agreement(old: Any, place: int, new: Any, aim: int) -> int:
    """How many bytes from here on are the same in both."""
    length, most = 0, min(len(old) - place, len(new) - aim)
    while length < most:
        size = min(BLOCK, most - length)
        one = bytes(old[place + length : place + length + size])
        other = bytes(new[aim + length : aim + length + size])
        if one == other:
            length += size
            continue
        low, high = 0, size  # the first difference lies between
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if one[:middle] == other[:middle] else (low, middle)
        return length + low
    return length


def _resumed(old: Any, place: int, new: Any, aim: int) -> tuple[int, int]:
    """After a difference: how many bytes of the old file to keep as they are, and where to go on."""
    # Numbers that changed in place: the checksum of an Ogg page, the size of a chunk.
    for skipped in range(1, NEAR):
        anchor = bytes(old[place + skipped : place + skipped + ANCHOR])
        if len(anchor) < ANCHOR:
            break
        if anchor == new[aim + skipped : aim + skipped + ANCHOR]:
            return skipped, aim + skipped
    start = max(aim - FAR, 0)
    window = bytes(new[start : aim + FAR])
    for skipped in range(0, NEAR, STRIDE):
        anchor = bytes(old[place + skipped : place + skipped + ANCHOR])
        if len(anchor) < ANCHOR:
            return len(old) - place, aim
        if len(set(anchor)) == 1:
            continue  # padding is alike everywhere and says nothing about the place
        found = window.find(anchor, aim - start)
        found = found if found >= 0 else window.find(anchor)
        if found >= 0:
            return skipped, start + found
    return NEAR, aim
