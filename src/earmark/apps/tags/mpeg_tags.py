"""Tags of MP3: ID3v2 in front, several of them, or at the end; ID3v1; APEv2."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from earmark.apps.tags.id3_bytes import FOOTER, NEW_VERSION, Tag, tag_at, tag_end
from earmark.apps.tags.splice import splice
from earmark.apps.tags.tag_kinds import New, Pairs, Values, filled
from earmark.apps.tags.tail import V1, ape_in_front, pairs_at_end, parts_at_end

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_GENRE = 255  # in ID3v1


class MpegTagging:
    """Tags of MP3. One ID3v2 tag is written, in front; all others are read and stay."""

    def read(self, path: Path) -> Values:
        """Values of each kind that any of the tags has."""
        with mapped(path) as data:
            return filled(pairs_in_front(data) + pairs_at_end(data))

    def write(self, path: Path, new: New) -> None:
        """Set the tags of some kinds."""
        with mapped(path) as data:
            tag = tag_at(data) or _tag_at_end(data)
            if tag is None:
                tag = _tag_of_v1(data) or Tag(NEW_VERSION)
            edits = [(0, tag_end(data), tag.with_values(new).rendered())]
            if "genre" in new and (genre := v1_genre_place(data)):
                edits.append((genre, genre + 1, bytes([NO_GENRE])))  # a number would say the old one
        splice(path, edits)

    def others(self, path: Path, kinds: Sequence[str]) -> object:
        """What the first tag says besides some kinds; None without one. All else counts as sound."""
        with mapped(path) as data:
            tag = tag_at(data)
        return None if tag is None else tag.others(kinds)


def v1_genre_place(data: bytes | mmap.mmap) -> int:
    """Where ID3v1 at the end of a file has the number of its genre; 0 where there is none."""
    part = next(iter(parts_at_end(data)), None)
    return part.start + V1 - 1 if part and part.name == "ID3v1" else 0


def front_tags(data: bytes | mmap.mmap) -> list[Tag]:
    """The ID3v2 tags at the beginning of a file, one after another."""
    tags, start = [], 0
    while tag := tag_at(data, start):
        tags.append(tag)
        start = tag_end(data, start)
    return tags


def pairs_in_front(data: bytes | mmap.mmap) -> Pairs:
    """Kind and value of what ID3v2 and APEv2 say at the beginning of a file."""
    pairs: Pairs = [pair for tag in front_tags(data) for pair in tag.values()]
    return pairs + ape_in_front(data, front_end(data))


def front_end(data: bytes | mmap.mmap) -> int:
    """Where the ID3v2 tags at the beginning of a file end."""
    start = 0
    while (end := tag_end(data, start)) > start:
        start = end
    return start


def _tag_at_end(data: bytes | mmap.mmap) -> Tag | None:
    """The ID3v2 tag with a footer at the end, as it would be in front: there it needs none."""
    tag = next((part.tag for part in parts_at_end(data) if part.tag), None)
    return replace(tag, flags=tag.flags & ~FOOTER, has_footer=False) if tag else None


def _tag_of_v1(data: bytes | mmap.mmap) -> Tag | None:
    """A new tag with what ID3v1 says: a reader that finds ID3v2 looks no further."""
    part = next((part for part in parts_at_end(data) if part.name == "ID3v1"), None)
    if part is None:
        return None
    from mutagen.id3 import ID3

    tags = ID3(BytesIO(bytes(data[part.start : part.start + V1])), load_v1=True)
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
