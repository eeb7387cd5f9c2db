"""Tags of MP3: ID3v2 in front, several of them, or at the end; ID3v1; APEv2."""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from earmark.apps.tags.id3 import NEW_VERSION, Tag, tag_at
from earmark.apps.tags.kinds import Values, filled, kind_of
from earmark.apps.tags.splice import splice
from earmark.music.recordings.id3 import HEADER, id3_extent

if TYPE_CHECKING:
    from collections.abc import Iterator

V1 = 128  # bytes of an ID3v1 tag
APE_FOOTER = 32  # bytes
_APE_HAS_HEADER = 1 << 31


class MpegTagging:
    """Tags of MP3. One ID3v2 tag is written, in front; all others are read and stay."""

    def read(self, path: Path) -> Values:
        """Values of each kind that any of the tags has."""
        with mapped(path) as data:
            pairs = [pair for tag in front_tags(data) for pair in tag.values()]
            pairs += pairs_at_end(data)
        return filled(pairs)

    def write(self, path: Path, new: Mapping[str, str]) -> None:
        """Set the tags of some kinds."""
        with mapped(path) as data:
            end = id3_extent(data[:HEADER])[1]
            tag = tag_at(data) or _tag_at_end(data)
            if tag is None:
                tag = _tag_of_v1(data) or Tag(NEW_VERSION)
            edit = (0, end, tag.with_values(new).rendered())
        splice(path, [edit])

    def others(self, path: Path, kinds: Sequence[str]) -> object:
        """What the first tag says besides some kinds; None without one. All else counts as sound."""
        with mapped(path) as data:
            tag = tag_at(data)
        return None if tag is None else tag.others(kinds)


def front_tags(data: bytes | mmap.mmap) -> list[Tag]:
    """The ID3v2 tags at the beginning of a file, one after another."""
    tags, start = [], 0
    while tag := tag_at(data, start):
        tags.append(tag)
        start += id3_extent(data[start : start + HEADER])[1]
    return tags


def pairs_at_end(data: bytes | mmap.mmap) -> list[tuple[str | None, str]]:
    """Kind and value of what ID3v1, APEv2 and ID3v2 say at the end of a file."""
    pairs: list[tuple[str | None, str]] = []
    if tag := _tag_at_end(data):
        pairs += tag.values()
    start, end = _ape_extent(data)
    if end:
        from mutagen.apev2 import APEv2

        for name, value in APEv2(BytesIO(bytes(data[start:end]))).items():
            pairs += [(kind_of(name), text) for text in str(value).split("\0")]
    if _has_v1(data):
        from mutagen.id3 import TCON

        number = data[-1]  # 255 for none
        pairs += [("genre", name) for name in TCON(encoding=0, text=[str(number)]).genres]
    return pairs


def _has_v1(data: bytes | mmap.mmap) -> bool:
    """Whether a file ends with ID3v1; the mark of an APEv2 tag of 131 bytes, APETAGEX, looks like it."""
    return data[-V1:][:3] == b"TAG" and data[-V1 - 3 :][:8] != b"APETAGEX"


def _ends(data: bytes | mmap.mmap) -> list[int]:
    """Where a tag at the end may end: before ID3v1, before APEv2, at the end itself."""
    end = len(data) - V1 if _has_v1(data) else len(data)
    start, ape_end = _ape_extent(data)
    return [end, start] if ape_end else [end]


def _ape_extent(data: bytes | mmap.mmap) -> tuple[int, int]:
    """Where the APEv2 tag at the end begins and ends; zeros without one (hydrogenaud.io, APEv2)."""
    for end in (len(data), len(data) - V1):
        footer = data[max(end - APE_FOOTER, 0) : max(end, 0)]
        if footer[:8] == b"APETAGEX":
            length = int.from_bytes(footer[12:16], "little")
            has_header = bool(int.from_bytes(footer[20:24], "little") & _APE_HAS_HEADER)
            return max(end - length - (APE_FOOTER if has_header else 0), 0), end
    return 0, 0


def _tag_at_end(data: bytes | mmap.mmap) -> Tag | None:
    """The ID3v2 tag that a file ends with, which has a footer."""
    for end in _ends(data):
        footer = data[max(end - HEADER, 0) : end]
        if footer[:3] == b"3DI":
            length = id3_extent(b"ID3" + footer[3:])[1]
            tag = tag_at(data, end - length) if length <= end else None
            if tag:
                # In front it has no footer: that is for readers who come from the end.
                return replace(tag, flags=tag.flags & 0xEF)
    return None


def _tag_of_v1(data: bytes | mmap.mmap) -> Tag | None:
    """A new tag with what ID3v1 says: a reader that finds ID3v2 looks no further."""
    if not _has_v1(data):
        return None
    from mutagen.id3 import ID3

    file = BytesIO(bytes(data[-V1:]))
    tags = ID3(file, load_v1=True)
    new = BytesIO()
    tags.save(new, v1=0)
    return tag_at(new.getvalue())


@contextmanager
def mapped(path: Path) -> Iterator[mmap.mmap | bytes]:
    """A file's content, mapped into memory."""
    with path.open("rb") as file:
        if not file.seek(0, 2):
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield content
