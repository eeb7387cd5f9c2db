"""Vorbis comments as bytes, which `flac_tags` and `ogg_tags` find in files.

Comments are added and replaced; all others stay byte for byte what they are, whether they are UTF-8 or not.

References:
    Vorbis I specification, 5 (comment field and header); RFC 7845, 5.2.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from earmark.apps.tags.tag_kinds import New, Pairs, kind_of, listed
from earmark.foundation.errors import PieceError

NAMES = {"genre": "GENRE", "key": "INITIALKEY", "composer": "COMPOSER", "bpm": "BPM"}


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

    def has_others(self, kinds: Sequence[str]) -> bool:
        """Whether there are comments besides those of some kinds."""
        return any(_kind(entry) not in kinds for entry in self.entries)

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


def _kind(entry: bytes) -> str | None:
    name, equals, _ = entry.partition(b"=")
    return kind_of(name.decode("latin-1")) if equals else None
