"""The difference between an old and a new file, in few bytes, so that the old one can be restored exactly.

A delta is a list of steps: `[offset, length]` copies from the new file, a string is bytes of the old one,
deflated, in base64. Tags change a few bytes and shift the rest, so that a delta is small whatever the file's
size.
"""

from __future__ import annotations

import base64
import mmap
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

ANCHOR = 48  # bytes that must be equal for a match: too many for chance, fewer than a frame of sound has
NEAR = 512  # bytes within which the same place is looked for again after a difference
STRIDE = 16  # bytes from one try to the next
FAR = 1 << 20  # bytes on both sides within which anything that was shifted is looked for
BLOCK = 1 << 16  # bytes compared at a time

Delta = list[Any]
Content = bytes | mmap.mmap


def delta(old: Content, new: Content) -> Delta:
    """The steps that make an old file from a new one.

    Args:
        old: Content of the old file.
        new: Content of the new file.
    """
    steps: Delta = []
    literal = bytearray()
    place = aim = 0  # in the old and in the new file
    while place < len(old):
        length = _agreement(old, place, new, aim)
        if length >= min(ANCHOR, len(old) - place) > 0:
            _flush(steps, literal)
            steps.append([aim, length])
            place, aim = place + length, aim + length
            continue
        skipped, following = _resumed(old, place, new, aim)
        literal += old[place : place + skipped]
        place, aim = place + skipped, following
    _flush(steps, literal)
    return steps


def applied(steps: Sequence[Any], new: Content) -> Iterator[bytes]:
    """The old file, in parts.

    Args:
        steps: What `delta` gave.
        new: Content of the new file.

    Yields:
        The next bytes of the old file.

    Raises:
        ValueError: The steps are damaged, or those of another file.
    """
    for step in steps:
        if isinstance(step, str):
            try:
                yield zlib.decompress(base64.b64decode(step, validate=True))
            except zlib.error as error:
                raise ValueError(f"a delta that is damaged ({error})") from error
            continue
        try:
            offset, length = (int(number) for number in step)
        except TypeError as error:
            raise ValueError(f"{step!r} is no step of a delta") from error
        if offset < 0 or length < 0 or offset + length > len(new):
            raise ValueError("a delta for another file")
        for start in range(offset, offset + length, BLOCK):
            yield bytes(new[start : min(start + BLOCK, offset + length)])


def _flush(steps: Delta, literal: bytearray) -> None:
    """Add the bytes collected so far as a step."""
    if literal:
        steps.append(base64.b64encode(zlib.compress(bytes(literal), 9)).decode("ascii"))
        literal.clear()


def _agreement(old: Content, place: int, new: Content, aim: int) -> int:
    """Number of bytes that are equal in both from these places on."""
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


def _resumed(old: Content, place: int, new: Content, aim: int) -> tuple[int, int]:
    """After a difference: number of bytes of the old file to store, and where the new one goes on."""
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
            continue  # padding is the same everywhere
        match = window.find(anchor, aim - start)
        match = match if match >= 0 else window.find(anchor)
        if match >= 0:
            return skipped, start + match
    return NEAR, aim
