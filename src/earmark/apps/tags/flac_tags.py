"""Tags of FLAC: the first block of Vorbis comments, behind ID3v2 tags that are read and stay.

References:
    RFC 9639, 8 (blocks of metadata).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.apps.tags.mpeg_tags import front_end, mapped, pairs_in_front
from earmark.apps.tags.splice import splice
from earmark.apps.tags.tag_kinds import New, Values, filled
from earmark.apps.tags.tail import pairs_at_end
from earmark.apps.tags.vorbis_comments import Comments, comments_of
from earmark.foundation.errors import PieceError

PADDING, COMMENTS, LAST = 1, 4, 0x80  # kinds of blocks, and the flag of the last one
LARGEST_BLOCK = (1 << 24) - 1  # bytes


class FlacTagging:
    """Tags of FLAC."""

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
                    parts += [comments.others(kinds)] if comments.has_others(kinds) else []
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
