"""Vorbis comments as bytes, and those of FLAC; `ogg` has those in Ogg.

Comments are added and replaced; all others stay byte for byte what they are, whether they are UTF-8 or not.

References:
    Vorbis I specification, 5 (comment field and header); RFC 7845, 5.2; RFC 9639, 8 (blocks of FLAC).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earmark.apps.tags.kinds import New, Pairs, Values, filled, kind_of, listed
from earmark.apps.tags.mpeg import front_end, mapped, pairs_in_front
from earmark.apps.tags.splice import splice
from earmark.apps.tags.tail import pairs_at_end
from earmark.foundation.errors import PieceError

NAMES = {"genre": "GENRE", "key": "INITIALKEY", "composer": "COMPOSER", "bpm": "BPM"}
PADDING, COMMENTS, LAST = 1, 4, 0x80  # kinds of blocks of FLAC, and the flag of the last one
LARGEST_BLOCK = (1 << 24) - 1  # bytes


@dataclass(frozen=True)
class Comments:
    """A block of comments.

    Attributes:
        vendor: The program that wrote it.
        entries: Comments: `name=value`, or whatever else is there.
        tail: What follows them.
    """

    vendor: bytes
    entries: tuple[bytes, ...]
    tail: bytes = b""

    def pairs(self) -> Pairs:
        """Kind and value of the comments."""
        return [(_kind(entry), entry.partition(b"=")[2].decode(errors="replace")) for entry in self.entries]

    def others(self, kinds: Sequence[str]) -> object:
        """All but the comments of some kinds."""
        return self.vendor, [entry for entry in self.entries if _kind(entry) not in kinds], self.tail

    def with_values(self, new: New) -> Comments:
        """The block with one comment for each value, in place of those that it has."""
        left = tuple(entry for entry in self.entries if _kind(entry) not in new)
        names = {_kind(entry): entry.partition(b"=")[0] for entry in reversed(self.entries)}
        added = (
            names.get(kind, NAMES[kind].encode()) + b"=" + text.encode()
            for kind, value in new.items()
            for text in listed(value)
        )
        return replace(self, entries=(*left, *added))

    def rendered(self) -> bytes:
        """The block as bytes."""
        sized = (struct.pack("<I", len(entry)) + entry for entry in self.entries)
        head = struct.pack("<I", len(self.vendor)) + self.vendor + struct.pack("<I", len(self.entries))
        return head + b"".join(sized) + self.tail


def comments_of(data: bytes) -> Comments:
    """Read a block of comments.

    Raises:
        PieceError: It is cut short.
    """
    try:
        vendor, place = _sized(data, 0)
        (count,) = struct.unpack_from("<I", data, place)
        place += 4
        entries = []
        for _ in range(count):
            entry, place = _sized(data, place)
            entries.append(entry)
    except (struct.error, ValueError) as error:
        raise PieceError("its comments are cut short") from error
    return Comments(vendor, tuple(entries), data[place:])


def _sized(data: bytes, place: int) -> tuple[bytes, int]:
    (size,) = struct.unpack_from("<I", data, place)
    end = place + 4 + size
    if end > len(data):
        raise ValueError
    return data[place + 4 : end], end


def _left(comments: Comments, kinds: Sequence[str]) -> bool:
    """Whether there are comments besides those of some kinds."""
    return any(_kind(entry) not in kinds for entry in comments.entries)


def _kind(entry: bytes) -> str | None:
    name, equals, _ = entry.partition(b"=")
    return kind_of(name.decode("latin-1")) if equals else None


class FlacTagging:
    """Tags of FLAC, behind ID3v2 tags that are read and stay."""

    def read(self, path: Path) -> Values:
        """Values of each kind that a file has."""
        with mapped(path) as data:
            pairs = [pair for _, comments in _commented(data) for pair in comments.pairs()]
            pairs += pairs_in_front(data) + pairs_at_end(data)
        return filled(pairs)

    def write(self, path: Path, new: New) -> None:
        """Set the tags of some kinds in the first block of comments; padding makes room for it."""
        with mapped(path) as data:
            blocks = _blocks(data)
            start, end = blocks[0].start, blocks[-1].end
            number = next((n for n, block in enumerate(blocks) if block.kind == COMMENTS), None)
            kept = [(block.kind, bytes(data[block.start + 4 : block.end])) for block in blocks]
        if number is None:
            kept.insert(1, (COMMENTS, Comments(b"earmark", ()).with_values(new).rendered()))
            grown = len(kept[1][1]) + 4
        else:
            before = kept[number][1]
            kept[number] = (COMMENTS, comments_of(before).with_values(new).rendered())
            grown = len(kept[number][1]) - len(before)
        kept = _less_padding(kept, grown)
        if any(len(content) > LARGEST_BLOCK for _, content in kept):
            raise PieceError("not tagged: its comments are longer than a block of FLAC may be")
        heads = (
            bytes([kind | (LAST if n == len(kept) - 1 else 0)]) + len(content).to_bytes(3, "big") + content
            for n, (kind, content) in enumerate(kept)
        )
        splice(path, [(start, end, b"".join(heads))])

    def others(self, path: Path, kinds: Sequence[str]) -> object:
        """All blocks and tags but the comments of some kinds in the first block of them, and padding."""
        with mapped(path) as data:
            front = bytes(data[: _blocks(data)[0].start])
            parts: list[object] = []
            first = True
            for block in _blocks(data):
                content = bytes(data[block.start + 4 : block.end])
                if block.kind == COMMENTS and first:
                    first = False
                    comments = comments_of(content)
                    # A file without comments gets a new block of them.
                    parts += [comments.others(kinds)] if _left(comments, kinds) else []
                elif block.kind != PADDING:
                    parts.append((block.kind, content))
        return front, parts


@dataclass(frozen=True)
class _Block:
    kind: int
    start: int
    end: int


def _blocks(data: Any) -> list[_Block]:
    """Blocks of metadata of FLAC, with their heads of four bytes."""
    place = front_end(data)
    if data[place : place + 4] != b"fLaC":
        raise PieceError("is not a sound .flac file: it lacks the mark fLaC")
    place += 4
    blocks: list[_Block] = []
    while not blocks or not data[blocks[-1].start] & LAST:
        head = data[place : place + 4]
        end = place + 4 + int.from_bytes(head[1:], "big")
        if len(head) < 4 or end > len(data):
            raise PieceError("its blocks of metadata are cut short")
        blocks.append(_Block(head[0] & 0x7F, place, end))
        place = end
    return blocks


def _commented(data: Any) -> list[tuple[_Block, Comments]]:
    return [
        (block, comments_of(bytes(data[block.start + 4 : block.end])))
        for block in _blocks(data)
        if block.kind == COMMENTS
    ]


def _less_padding(blocks: list[tuple[int, bytes]], grown: int) -> list[tuple[int, bytes]]:
    """Blocks whose padding is shorter or longer by as much as others grew, where that can be."""
    for number, (kind, content) in enumerate(blocks):
        if kind == PADDING and 0 <= len(content) - grown <= LARGEST_BLOCK:
            return [*blocks[:number], (PADDING, bytes(len(content) - grown)), *blocks[number + 1 :]]
    return blocks
