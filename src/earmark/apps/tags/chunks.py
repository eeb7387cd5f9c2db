"""Tags of WAV and AIFF: ID3v2 in a chunk, RIFF's INFO. All other chunks stay where and what they are.

Sizes in such files are often wrong: never filled in by a program that streamed, or without the byte that
makes an odd chunk even. Chunks are found all the same.

References:
    Microsoft, Multimedia Programming Interface 1.0 (RIFF, INFO); EBU Tech 3306 (RF64); Apple, AIFF 1.3.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.apps.tags.id3 import NEW_VERSION, Tag, tag_at
from earmark.apps.tags.kinds import Values, filled
from earmark.apps.tags.mpeg import mapped
from earmark.apps.tags.splice import Edit, splice
from earmark.foundation.errors import PieceError

SOUND = (b"data", b"SSND")
ORDERS = {b"RIFF": "<", b"RF64": "<", b"BW64": "<", b"RIFX": ">", b"FORM": ">"}
"""Byte order of sizes by a file's first four bytes."""
INFO = {b"IGNR": "genre", b"GENR": "genre", b"IMUS": "composer", b"ICOM": "composer"}
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
        """Whether it holds an ID3v2 tag."""
        return self.name.lower() == b"id3 "


class ChunkTagging:
    """Tags of WAV and AIFF."""

    def read(self, path: Path) -> Values:
        """Values of each kind that any ID3 tag or the INFO of a file has."""
        with mapped(path) as data:
            order, chunks = chunks_of(data)
            pairs: list[tuple[str | None, str]] = []
            for chunk in chunks:
                if chunk.is_id3 and (tag := tag_at(data, chunk.start + HEAD)):
                    pairs += tag.values()
                elif chunk.name == b"LIST" and data[chunk.start + HEAD : chunk.start + FORM] == b"INFO":
                    pairs += _info(bytes(data[chunk.start + FORM : chunk.end]), order)
        return filled(pairs)

    def write(self, path: Path, new: Mapping[str, str]) -> None:
        """Set the tags of some kinds in the first chunk with ID3, or in a new one.

        A new chunk goes to the end; in front of the sound where that has no stated end.
        """
        with mapped(path) as data:
            order, chunks = chunks_of(data)
            old = next((chunk for chunk in chunks if chunk.is_id3), None)
            tag = (tag_at(data, old.start + HEAD) if old else None) or Tag(NEW_VERSION)
            content = tag.with_values(new).rendered()
            if len(content) % 2:
                content += b"\0"
            chunk = struct.pack(f"{order}4sI", old.name if old else _name(data), len(content)) + content
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
            parts: list[object] = []
            tag = None
            for chunk in chunks:
                if chunk.is_id3 and tag is None:
                    tag = tag_at(data, chunk.start + HEAD)
                elif chunk.name not in SOUND and chunk.name != b"ds64":
                    parts.append((chunk.name, bytes(data[chunk.start + HEAD : chunk.end])))
            parts.append(bytes(data[chunks[-1].next :]) if chunks else b"")
        return parts, None if tag is None or not tag.others(kinds)[4] else tag.others(kinds)  # type: ignore[index]


def chunks_of(data: Any) -> tuple[str, list[Chunk]]:
    """The byte order of a file's numbers, and its chunks.

    Raises:
        PieceError: It is neither RIFF nor FORM.
    """
    order = ORDERS.get(bytes(data[:4]))
    if order is None or len(data) < FORM:
        raise PieceError("is not a sound .wav or .aiff file: it is neither RIFF nor FORM")
    (stated,) = struct.unpack_from(f"{order}I", data, 4)
    chunks: list[Chunk] = []
    place = FORM
    while place != stated + HEAD and _is_head(data, place):
        chunk = _chunk(data, place, order, stated)
        chunks.append(chunk)
        place = chunk.next
    return order, chunks


def _chunk(data: Any, start: int, order: str, stated: int) -> Chunk:
    name, size = struct.unpack_from(f"{order}4sI", data, start)
    if size == UNKNOWN and data[:4] in (b"RF64", b"BW64") and name == b"data" and data[12:16] == b"ds64":
        (size,) = struct.unpack_from("<Q", data, FORM + HEAD + 8)
    end = start + HEAD + size
    never_filled = name in SOUND and size == 0 and stated in (0, UNKNOWN)
    if never_filled or end > len(data):
        return Chunk(name, start, len(data), len(data), closed=False)
    following = end
    if size % 2 and end < len(data):
        # The byte that makes a chunk even is missing in some files: then the next chunk begins at once.
        following += not (_is_head(data, end) and not _is_head(data, end + 1) and end + 1 != stated + HEAD)
    return Chunk(name, start, end, following, closed=True)


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
    size = size if any(not chunk.closed for chunk in chunks) else chunks[-1].next - HEAD
    if size + grown > LARGEST:
        raise PieceError("not tagged: it would grow beyond the 4 GB that its format allows")
    return [(4, 8, struct.pack(f"{order}I", size + grown))]


def _info(content: bytes, order: str) -> list[tuple[str | None, str]]:
    """Kind and value of the entries of a LIST chunk of kind INFO."""
    pairs: list[tuple[str | None, str]] = []
    place = 0
    while place + HEAD <= len(content):
        name, size = struct.unpack_from(f"{order}4sI", content, place)
        value = content[place + HEAD : place + HEAD + size].split(b"\0")[0]
        pairs.append((INFO.get(name), value.decode("utf-8", errors="replace")))
        place += HEAD + size + size % 2
    return pairs
