"""ID3v2 tags as bytes: frames are added and replaced, all others stay byte for byte what they are.

mutagen reads frames into objects and writes them anew. What it cannot parse it drops, and what it can it may
spell otherwise; so tags that are there are edited here. The version of a tag stays what it is. Frames of an
unsynchronised tag of version 2.2 or 2.3 are kept as they are stored, however that was done.

References:
    ID3v2.2.0, 3; ID3v2.3.0, 3.1 to 3.3 and 5; ID3v2.4.0 main structure, 3 to 6.
"""

from __future__ import annotations

import mmap
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace

from earmark.apps.tags.frame_text import LATIN1, UTF8, UTF16, genres, texts
from earmark.apps.tags.tag_kinds import New, Pairs, kind_of, listed
from earmark.foundation.errors import PieceError
from earmark.music.recordings.id3_extent import HEADER, id3_extent

UNSYNCHRONISED, EXTENDED, FOOTER = 0x80, 0x40, 0x10  # flags of a tag
LARGEST = (1 << 28) - 1  # bytes that the size of a tag can state
NEW_VERSION = 4
NEW_PADDING = 1024  # bytes of a tag that has to grow, so that the next program need not move the sound
_FRAMES = {
    "genre": (b"TCO", b"TCON"),
    "key": (b"TKE", b"TKEY"),
    "composer": (b"TCM", b"TCOM"),
    "bpm": (b"TBP", b"TBPM"),
}
"""Of each kind: in version 2.2, and later."""
_KINDS = {name: kind for kind, names in _FRAMES.items() for name in names}
_CHECKSUM = {3: 0x80, 4: 0x20}  # flag of an extended header, by version
_FREE = (b"TXX", b"TXXX")
_NAME = re.compile(rb"[A-Z][A-Z0-9]{2}[A-Z0-9 \0]?")


@dataclass(frozen=True)
class Frame:
    """A frame.

    Attributes:
        name: Of three or four bytes, as the tag has it.
        flags: Two bytes; none in version 2.2.
        body: What follows the header, not unsynchronised by its tag.
        raw: Header and body as they are stored.
    """

    name: bytes
    flags: bytes
    body: bytes
    raw: bytes


@dataclass(frozen=True)
class Tag:
    """An ID3v2 tag.

    Attributes:
        version: 2, 3 or 4.
        revision: The byte after it.
        flags: Of the tag.
        extended: The extended header, as it is stored.
        frames: The frames.
        rest: What follows them and is neither a frame nor padding, as it is stored.
        size: Bytes of all that, padding included.
        padding: Bytes of zeros at its end.
        has_footer: Whether a footer follows; some tags have only the flag of one.
    """

    version: int
    revision: int = 0
    flags: int = 0
    extended: bytes = b""
    frames: tuple[Frame, ...] = ()
    rest: bytes = b""
    size: int = 0
    padding: int = 0
    has_footer: bool = False

    @property
    def by_tag(self) -> bool:
        """Whether it is unsynchronised as a whole, not frame by frame."""
        return bool(self.flags & UNSYNCHRONISED) and self.version < NEW_VERSION

    def values(self) -> Pairs:
        """Kind and value of what the frames say of the kinds of tags."""
        found: Pairs = []
        for frame in self.frames:
            kind, said = self._said_by(frame)
            found += [(kind, text) for text in (genres(said) if kind == "genre" else said) if kind]
        return found

    def others(self, kinds: Sequence[str]) -> object:
        """All but the frames of some kinds, as bytes, to be compared."""
        frames = [frame.raw for frame in self.frames if self._said_by(frame)[0] not in kinds]
        return self.version, self.revision, self.flags, self.extended, frames, self.rest.rstrip(b"\0")

    def says_more(self, kinds: Sequence[str]) -> bool:
        """Whether there is anything besides the frames of some kinds."""
        frames = (frame for frame in self.frames if self._said_by(frame)[0] not in kinds)
        return bool(self.extended or self.rest.strip(b"\0") or any(True for _ in frames))

    def with_values(self, new: New) -> Tag:
        """The tag with one frame for each kind, in place of those that it has; new ones go to the front.

        Several values are parted by zeros; before version 2.4 a reader may show the first alone.
        Those with zeros put in go behind: FFmpeg takes their sizes for stored ones, and would miss the rest.
        """
        left = tuple(frame for frame in self.frames if self._said_by(frame)[0] not in new)
        added = tuple(self._frame(kind, listed(value)) for kind, value in new.items())
        front = tuple(frame for frame in added if not (self.by_tag and b"\xff" in frame.raw))
        behind = tuple(frame for frame in added if frame not in front)
        return replace(self, frames=front + left + behind)

    def rendered(self) -> bytes:
        """The tag as bytes; its size stays, where padding has room for what is new.

        Raises:
            PieceError: It cannot be written with its other bytes as they are.
        """
        if len(self.extended) > 5 and self.extended[4 if self.version == 3 else 5] & _CHECKSUM[self.version]:
            raise PieceError("not tagged: its ID3 tag has a checksum of its frames")
        content = self.extended + b"".join(frame.raw for frame in self.frames) + self.rest
        content += bytes(self._padding(len(content)))
        if len(content) > LARGEST:
            raise PieceError("not tagged: its ID3 tag would grow beyond the 256 MB that it may have")
        sizes = bytes(len(content) >> shift & 0x7F for shift in (21, 14, 7, 0))
        head = bytes([self.version, self.revision, self.flags]) + sizes
        return b"ID3" + head + content + (b"3DI" + head if self.has_footer else b"")

    def _padding(self, length: int) -> int:
        """Bytes of padding after so many of content."""
        if self.extended and self.version == 3:
            return self.padding  # its size is stated
        if self.flags & FOOTER or self.rest:
            return 0  # it is not allowed
        return self.size - length if length <= self.size else NEW_PADDING

    def _said_by(self, frame: Frame) -> tuple[str | None, list[str]]:
        """The kind of a frame, and its texts."""
        name = frame.name.rstrip(b"\0 ")
        if name in _KINDS:
            return _KINDS[name], self._texts(frame)
        if name in _FREE:
            title, *said = self._texts(frame) or [""]
            return kind_of(title), said
        return None, []

    def _texts(self, frame: Frame) -> list[str]:
        flag = frame.flags[1] if frame.flags else 0
        by_frame = self.version >= NEW_VERSION and self.flags & UNSYNCHRONISED
        return texts(frame.body, flag, self.version, unsynchronised=bool(by_frame))

    def _frame(self, kind: str, values: list[str]) -> Frame:
        name = _FRAMES[kind][self.version > 2]
        if all(value.isascii() for value in values):
            body = bytes([LATIN1]) + "\0".join(values).encode("ascii")
        elif self.version >= NEW_VERSION:
            body = bytes([UTF8]) + "\0".join(values).encode()
        else:
            texts_16 = (b"\xff\xfe" + value.encode("utf-16-le") for value in values)
            body = bytes([UTF16]) + bytes(2).join(texts_16)
        flags = b"" if self.version == 2 else bytes(2)
        if self.version == 2:
            size = len(body).to_bytes(3, "big")
        elif self.version < NEW_VERSION:
            size = len(body).to_bytes(4, "big")
        else:
            size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
        raw = name + size + flags + body
        return Frame(name, flags, body, _unsynchronised(raw) if self.by_tag else raw)


def tag_at(data: bytes | mmap.mmap, start: int = 0) -> Tag | None:
    """Read the ID3v2 tag at a place.

    Returns:
        None where there is none.

    Raises:
        PieceError: It is cut short, or of a version that is not known.
    """
    head = data[start : start + HEADER]
    length, _ = id3_extent(head)
    if not length:
        return None
    version, revision, flags = head[3:6]
    content = bytes(data[start + HEADER : start + length])
    if version not in (2, 3, 4):
        raise PieceError(f"its ID3 tag has the version 2.{version}, which is not known")
    if len(content) < length - HEADER:
        raise PieceError("its ID3 tag is cut short")
    stored, content = content, content
    removed: list[int] = []  # places of FF, in what is plain, after which a zero was taken out
    if flags & UNSYNCHRONISED and version < NEW_VERSION:
        marks = [mark.start() for mark in re.finditer(rb"\xff\0", stored)]
        removed = [place - number for number, place in enumerate(marks)]
        content = stored.replace(b"\xff\0", b"\xff")

    def as_stored(begin: int, end: int) -> bytes:
        return stored[begin + bisect_left(removed, begin) : end + bisect_left(removed, end)]

    extended = len(_extended(content, version)) if flags & EXTENDED else 0
    chain, frames_end = _frames(content, extended, version)
    frames = tuple(replace(frame, raw=as_stored(*place)) for frame, place in chain)
    rest = as_stored(frames_end, len(content))
    is_padding = not rest.strip(b"\0")
    return Tag(
        version,
        revision,
        flags,
        as_stored(0, extended),
        frames,
        b"" if is_padding else rest,
        len(stored),
        len(rest) if is_padding else 0,
        bool(flags & FOOTER) and data[start + length : start + length + 3] == b"3DI",
    )


def tag_end(data: bytes | mmap.mmap, start: int = 0) -> int:
    """Where the ID3v2 tag at a place ends, with its footer if there is one; the place itself without one."""
    length, end = id3_extent(data[start : start + HEADER])
    if end > length and data[start + length : start + length + 3] != b"3DI":
        end = length  # the flag alone is there
    return start + end


def _extended(content: bytes, version: int) -> bytes:
    """The extended header that content begins with; in version 2.2 the flag means compression."""
    if version == 2:
        raise PieceError("its ID3 tag is compressed")
    if re.fullmatch(rb"[A-Z][A-Z0-9]{3}", content[:4]):
        return b""  # a frame: some programs set the flag without such a header
    if version == 3:
        return content[: 4 + int.from_bytes(content[:4], "big")]
    return content[: _synchsafe(content[:4])]


Chain = list[tuple[Frame, tuple[int, int]]]
"""Frames, and where each begins and ends."""


def _frames(content: bytes, start: int, version: int) -> tuple[Chain, int]:
    """Frames from a place on, and where what is none begins."""
    if version < NEW_VERSION:
        return _chain(content, start, 3 if version == 2 else 4, safe=False)
    chain, end = _chain(content, start, 4, safe=True)
    if content[end:].strip(b"\0"):  # iTunes wrote plain sizes into version 2.4
        others, other_end = _chain(content, start, 4, safe=False)
        if not content[other_end:].strip(b"\0"):
            return others, other_end
    return chain, end


def _chain(content: bytes, place: int, letters: int, *, safe: bool) -> tuple[Chain, int]:
    """letters: of a name. safe: whether sizes have seven bits a byte."""
    frames: Chain = []
    head = 2 * letters + (2 if letters == 4 else 0)
    while place + head <= len(content) and content[place]:
        name = content[place : place + letters]
        size_bytes = content[place + letters : place + 2 * letters]
        if not _NAME.fullmatch(name) or (safe and max(size_bytes) > 0x7F):
            break
        size = _synchsafe(size_bytes) if safe else int.from_bytes(size_bytes, "big")
        end = place + head + size
        if end > len(content):
            break
        flags, body = content[place + 2 * letters : place + head], content[place + head : end]
        frames.append((Frame(name, flags, body, b""), (place, end)))
        place = end
    return frames, place


def _synchsafe(data: bytes) -> int:
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


def _unsynchronised(content: bytes) -> bytes:
    """Nothing looks like the sync word of a frame of sound (ID3v2.3.0, 5)."""
    return re.sub(rb"\xff(?=[\x00\xe0-\xff]|\Z)", b"\xff\0", content)
