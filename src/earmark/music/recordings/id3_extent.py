"""Extent of ID3v2 tags, which stand in front of the sound of many files."""

from __future__ import annotations

HEADER = 10  # bytes; a footer has as many


def id3_extent(data: bytes) -> tuple[int, int]:
    """The extent of an ID3v2 tag at the beginning of a file.

    Args:
        data: The first ten bytes or more.

    Returns:
        Its number of bytes without its footer, and where what follows it begins; zeros without a tag.

    References:
        ID3 tag version 2.4.0, main structure, 3.1 and 3.4.
    """
    if data[:3] != b"ID3" or len(data) < HEADER:
        return 0, 0
    size = HEADER
    for power, byte in zip((21, 14, 7, 0), data[6:10], strict=True):
        size += (byte & 0x7F) << power  # seven bits of each byte count
    return size, size + (HEADER if data[5] & 0x10 else 0)
