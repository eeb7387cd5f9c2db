"""Tags at the end of a file, one before another: ID3v1, Enhanced ID3v1, APE, Lyrics3, ID3v2.

References:
    id3.org, ID3v1 and Lyrics3 v2.00; hydrogenaud.io, APEv2; ID3v2.4.0 main structure, 5 (tag location).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass

from earmark.apps.tags.id3_bytes import Tag, tag_at
from earmark.apps.tags.tag_kinds import Pairs, kind_of
from earmark.foundation.errors import PieceError
from earmark.music.recordings.id3_extent import HEADER, id3_extent

V1, ENHANCED = 128, 227  # bytes
ENHANCED_GENRE = slice(185, 215)
APE, APE_FOOTER = b"APETAGEX", 32  # the mark, and bytes of its footer, and of its header
LYRICS_1, LYRICS_2 = b"LYRICSEND", b"LYRICS200"
LONGEST_LYRICS_1 = 5100  # bytes of version 1, which does not state its length
SEARCHED = 1 << 16  # bytes before an end in which an ID3v2 tag without a footer is looked for
_FOOTER = 0x10  # flag of an ID3v2 tag
_APE_HAS_HEADER, _APE_HEADER = 1 << 31, 1 << 29


@dataclass(frozen=True)
class Part:
    """A tag at the end of a file.

    Attributes:
        name: `ID3v1`, `Enhanced ID3v1`, `APE`, `Lyrics3` or `ID3v2`.
        start: Where it begins.
        pairs: Kind and value of what it says.
        tag: An ID3v2 tag that has a footer.
    """

    name: str
    start: int
    pairs: Pairs
    tag: Tag | None = None


def parts_at_end(data: bytes | mmap.mmap) -> Iterator[Part]:
    """The tags at the end of a file, the last one first."""
    end = len(data)
    while part := _part_before(data, end):
        yield part
        end = part.start


def pairs_at_end(data: bytes | mmap.mmap) -> Pairs:
    """Kind and value of what all tags at the end of a file say."""
    return [pair for part in parts_at_end(data) for pair in part.pairs]


def ape_pairs(data: bytes | mmap.mmap, start: int, end: int) -> Pairs:
    """Kind and value of the items of an APE tag, as far as they can be read."""
    pairs: Pairs = []
    while start + 8 < end:
        value_start = data.find(b"\0", start + 8, end) + 1
        value_end = value_start + int.from_bytes(data[start : start + 4], "little")
        if not value_start or value_end > end:
            break
        kind = kind_of(data[start + 8 : value_start - 1].decode("latin-1"))
        if kind:
            texts = data[value_start:value_end].decode("utf-8", errors="replace").split("\0")
            pairs += [(kind, text) for text in texts]
        start = value_end
    return pairs


def ape_in_front(data: bytes | mmap.mmap, start: int) -> Pairs:
    """What an APE tag says that begins at a place with its header; nothing where there is none."""
    head = data[start : start + APE_FOOTER]
    if head[:8] != APE or not int.from_bytes(head[20:24], "little") & _APE_HEADER:
        return []
    length = int.from_bytes(head[12:16], "little") - APE_FOOTER
    return ape_pairs(data, start + APE_FOOTER, min(start + APE_FOOTER + length, len(data)))


def _part_before(data: bytes | mmap.mmap, end: int) -> Part | None:
    for find in (_v1, _enhanced, _ape, _lyrics, _id3):
        if part := find(data, end):
            return part
    return None


def _v1(data: bytes | mmap.mmap, end: int) -> Part | None:
    start = end - V1
    # The mark of an APE tag of 131 bytes, APETAGEX, looks like it.
    if start < 0 or data[start : start + 3] != b"TAG" or data[max(start - 3, 0) : start + 5] == APE:
        return None
    from mutagen.id3 import TCON

    genres = TCON(encoding=0, text=[str(data[end - 1])]).genres  # 255 for none
    return Part("ID3v1", start, [("genre", name) for name in genres])


def _enhanced(data: bytes | mmap.mmap, end: int) -> Part | None:
    start = end - ENHANCED
    if start < 0 or data[start : start + 4] != b"TAG+":
        return None
    genre = bytes(data[start:end])[ENHANCED_GENRE].split(b"\0")[0].decode("latin-1")
    return Part("Enhanced ID3v1", start, [("genre", genre)])


def _ape(data: bytes | mmap.mmap, end: int) -> Part | None:
    footer = data[max(end - APE_FOOTER, 0) : end]
    if footer[:8] != APE:
        return None
    start = end - int.from_bytes(footer[12:16], "little")
    has_header = int.from_bytes(footer[20:24], "little") & _APE_HAS_HEADER
    items = max(start, 0)
    before = max(items - (APE_FOOTER if has_header else 0), 0)
    return Part("APE", before, ape_pairs(data, items, end - APE_FOOTER))


def _lyrics(data: bytes | mmap.mmap, end: int) -> Part | None:
    mark = data[max(end - len(LYRICS_2), 0) : end]
    size = data[max(end - len(LYRICS_2) - 6, 0) : max(end - len(LYRICS_2), 0)]
    if mark == LYRICS_2 and len(size) == 6 and size.isdigit():
        start = end - len(LYRICS_2) - 6 - int(size)
        return Part("Lyrics3", start, []) if start >= 0 else None
    if mark == LYRICS_1:
        start = data.rfind(b"LYRICSBEGIN", max(end - LONGEST_LYRICS_1 - 20, 0), end)
        return Part("Lyrics3", start, []) if start >= 0 else None
    return None


def _id3(data: bytes | mmap.mmap, end: int) -> Part | None:
    footer = data[max(end - HEADER, 0) : end]
    if footer[:3] == b"3DI":
        start = end - id3_extent(b"ID3" + footer[3:])[1]
        return _id3_from(data, start, footed=True) if start >= 0 else None
    start = end
    while (start := data.rfind(b"ID3", max(end - SEARCHED, 1), start + 2)) > 0:
        head = data[start : start + HEADER]
        if start + id3_extent(head)[0] == end and not head[5] & _FOOTER:
            return _id3_from(data, start, footed=False)
    return None


def _id3_from(data: bytes | mmap.mmap, start: int, *, footed: bool) -> Part | None:
    try:
        tag = tag_at(data, start)
    except PieceError:  # it only looked like a tag
        return None
    return Part("ID3v2", start, tag.values(), tag if footed else None) if tag else None
