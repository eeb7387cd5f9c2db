"""Tags of WAV and AIFF: ID3v2 in a chunk, RIFF's INFO. All other chunks stay where and what they are.

Sizes in such files are often wrong: never filled in by a program that streamed, or without the byte that
makes an odd chunk even. Chunks are found all the same.

References:
    Microsoft, Multimedia Programming Interface 1.0 (RIFF, INFO); EBU Tech 3306 (RF64); Apple, AIFF 1.3.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.apps.tags.id3_bytes import NEW_VERSION, Tag, tag_at, tag_end
from earmark.apps.tags.mpeg_tags import front_tags, mapped
from earmark.apps.tags.splice import Edit, splice
from earmark.apps.tags.tag_kinds import New, Pairs, Values, filled
from earmark.apps.tags.tail import pairs_at_end
from earmark.foundation.errors import PieceError
from earmark.music.recordings.id3_extent import id3_extent

SOUND = (b"data", b"SSND")
ORDERS = {b"RIFF": "<", b"RF64": "<", b"BW64": "<", b"RIFX": ">", b"FORM": ">"}
"""Byte order of sizes by a file's first four bytes."""
INFO = {b"IGNR": "genre", b"GENR": "genre", b"IMUS": "composer", b"ICOM": "composer", b"IBPM": "bpm"}
UNKNOWN = 0xFFFFFFFF  # a size that was not filled in, or that a chunk ds64 states
LARGEST = UNKNOWN - 1
HEAD, FORM = 8, 12  # bytes of a chunk's head, and of the file's


@dataclass(frozen=True)
class Chunk:
    """A chunk.

    Attributes:
        name: Four bytes.
        start: Where its head begins.
        end: Where its content ends.
        next: Where the next one begins.
        closed: Whether its head states where it ends.
    """

    name: bytes
    start: int
    end: int
    next: int
    closed: bool

    @property
    def is_id3(self) -> bool:
        """Whether it is for an ID3v2 tag."""
        return self.name.lower() == b"id3 "

    def content(self, data: Any) -> bytes:
        """What follows its head."""
        return bytes(data[self.start + HEAD : self.end])


class ChunkTagging:
    """Tags of WAV and AIFF."""

    def read(self, path: Path) -> Values:
        """Values of each kind that any tag or the INFO of a file has, behind its stated end, too."""
        with mapped(path) as data:
            order, chunks = chunks_of(data, beyond=True)
            pairs: Pairs = []
            for chunk in chunks:
                content = chunk.content(data) if chunk.is_id3 or chunk.name == b"LIST" else b""
                if chunk.is_id3:
                    pairs += [pair for tag in front_tags(content) for pair in tag.values()]
                elif content[:4] == b"INFO":
                    pairs += _info(content[4:], order)
            behind = bytes(data[chunks[-1].next :]) if chunks else b""
            pairs += [pair for tag in front_tags(behind) for pair in tag.values()]
            pairs += pairs_at_end(behind)
        return filled(pairs)

    def write(self, path: Path, new: New) -> None:
        """Set the tags of some kinds in the first chunk with ID3, or in a new one.

        A new chunk goes to the end; in front of the sound where that has no stated end.
        """
        with mapped(path) as data:
            order, chunks = chunks_of(data)
            old = _tagged(data, chunks)
            before = old.content(data) if old else b""
            tag = tag_at(before) or Tag(NEW_VERSION)
            content = tag.with_values(new).rendered() + before[tag_end(before) :]
            head = struct.pack(f"{order}4sI", old.name if old else _name(data), len(content))
            chunk = head + content + bytes(len(content) % 2)
            if old:
                edit = (old.start, old.next, chunk)
            else:
                place, pad = _place(data, chunks)
                edit = (place, place, pad + chunk)
            edits = [*_sizes(data, order, chunks, edit), edit]
        splice(path, edits)

    def others(self, path: Path, kinds: Sequence[str]) -> object:
        """All chunks but the sound, of the first tag all but some kinds, and what follows the chunks."""
        with mapped(path) as data:
            _, chunks = chunks_of(data)
            tagged = _tagged(data, chunks)
            parts: list[object] = [bytes(data[:4]), bytes(data[8:FORM])]
            tag = None
            for chunk in chunks:
                if chunk.name in SOUND:
                    continue
                content = chunk.content(data)
                if chunk == tagged:
                    tag = tag_at(content)
                    content = content[tag_end(content) :]
                    parts += [content] if content else []
                else:
                    parts.append((chunk.name, content[8:] if chunk.name == b"ds64" else content))
            parts.append(bytes(data[chunks[-1].next :]) if chunks else b"")
        # A file without tags gets a new chunk of them.
        return parts, tag.others(kinds) if tag and tag.says_more(kinds) else None


def chunks_of(data: Any, *, beyond: bool = False) -> tuple[str, list[Chunk]]:
    """The byte order of a file's numbers, and its chunks.

    Args:
        data: The file.
        beyond: Whether those behind its stated end count, too, as they do for FFmpeg.

    Raises:
        PieceError: It is neither RIFF nor FORM.
    """
    order = ORDERS.get(bytes(data[:4]))
    if id3_extent(bytes(data[:FORM]))[0]:
        raise PieceError("has an ID3 tag in front of its first chunk: its tags are neither read nor written")
    if order is None or len(data) < FORM:
        raise PieceError("is not a sound .wav or .aiff file: it is neither RIFF nor FORM")
    (stated,) = struct.unpack_from(f"{order}I", data, 4)
    chunks: list[Chunk] = []
    place = FORM
    while _is_head(data, place):
        if place == stated + HEAD and not (beyond and _leads_to_end(data, place, order)):
            break
        chunk = _chunk(data, place, order, stated)
        chunks.append(chunk)
        place = chunk.next
    return order, chunks


def _chunk(data: Any, start: int, order: str, stated: int) -> Chunk:
    name, size = struct.unpack_from(f"{order}4sI", data, start)
    if size == UNKNOWN and data[:4] in (b"RF64", b"BW64") and name == b"data" and data[12:16] == b"ds64":
        (size,) = struct.unpack_from("<Q", data, FORM + HEAD + 8)
    end = start + HEAD + size
    never_filled = name in SOUND and size == 0 and not _leads_to_end(data, end, order)
    if never_filled or end > len(data):
        return Chunk(name, start, len(data), len(data), closed=False)
    following = end
    if size % 2 and end < len(data) and (end + 1 == stated + HEAD or _is_padded(data, end)):
        following += 1
    return Chunk(name, start, end, following, closed=True)


def _is_padded(data: Any, end: int) -> bool:
    """Whether a byte makes an odd chunk even; where it is missing, the next one begins at once."""
    return _is_head(data, end + 1) or not _is_head(data, end)


def _leads_to_end(data: Any, place: int, order: str) -> bool:
    """Whether chunks follow, one after another, whose sizes lead to the end of the file."""
    while _is_head(data, place):
        (size,) = struct.unpack_from(f"{order}I", data, place + 4)
        place += HEAD + size
        if size % 2 and place < len(data) and _is_padded(data, place):
            place += 1
    return place == len(data)


def _tagged(data: Any, chunks: Sequence[Chunk]) -> Chunk | None:
    """The chunk whose tag is written: the first that has one, else the first that is empty."""
    for_tags = [chunk for chunk in chunks if chunk.is_id3]
    first = next((chunk for chunk in for_tags if id3_extent(chunk.content(data))[0]), None)
    return first or next((chunk for chunk in for_tags if not chunk.content(data)), None)


def _is_head(data: Any, place: int) -> bool:
    """Whether four printable characters and a size stand at a place."""
    head = bytes(data[place : place + HEAD])
    return len(head) == HEAD and all(0x20 <= byte < 0x7F for byte in head[:4]) and head[:1] != b" "


def _name(data: Any) -> bytes:
    return b"ID3 " if data[:4] == b"FORM" else b"id3 "


def _place(data: Any, chunks: Sequence[Chunk]) -> tuple[int, bytes]:
    """Where a new chunk goes, and what makes the one before it even."""
    unclosed = next((chunk for chunk in chunks if not chunk.closed), None)
    if unclosed:
        return unclosed.start, b""
    if not chunks:
        return FORM, b""
    last = chunks[-1]
    is_odd = (last.end - last.start) % 2 == 1
    return last.next, b"\0" if is_odd and last.next == last.end else b""


def _sizes(data: Any, order: str, chunks: Sequence[Chunk], edit: Edit) -> list[Edit]:
    """Edits of the file's size, where it was stated: of RF64 in its chunk ds64. A wrong one becomes right.

    Raises:
        PieceError: It would exceed what its number can hold.
    """
    start, end, replacement = edit
    grown = len(replacement) - (end - start)
    if data[:4] in (b"RF64", b"BW64") and data[12:16] == b"ds64":
        at = FORM + HEAD
        (size,) = struct.unpack_from("<Q", data, at)
        return [(at, at + 8, struct.pack("<Q", size + grown))] if size else []
    (size,) = struct.unpack_from(f"{order}I", data, 4)
    if size in (0, UNKNOWN):
        return []
    if any(not chunk.closed for chunk in chunks):
        if size + HEAD > len(data):  # never filled in, or the end of the file is missing
            return []
    elif chunks:
        size = chunks[-1].next - HEAD
    if size + grown > LARGEST:
        raise PieceError("not tagged: it would grow beyond the 4 GB that its format allows")
    return [(4, 8, struct.pack(f"{order}I", size + grown))]


def _info(content: bytes, order: str) -> Pairs:
    """Kind and value of the entries of a LIST chunk of kind INFO."""
    pairs: Pairs = []
    place = 0
    while place + HEAD <= len(content):
        name, size = struct.unpack_from(f"{order}4sI", content, place)
        value = content[place + HEAD : place + HEAD + size].split(b"\0")[0]
        pairs.append((INFO.get(name.upper()), value.decode("utf-8", errors="replace")))
        place += HEAD + size
        if size % 2 and _is_padded(content, place):
            place += 1
    return pairs
