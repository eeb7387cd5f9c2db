"""ID3v2 tags as bytes: frames are added and replaced, all others stay byte for byte what they are.

mutagen reads frames into objects and writes them anew. What it cannot parse it drops, and what it can it may
spell otherwise; so tags that are there are edited here. The version of a tag stays what it is.

References:
    ID3v2.2.0, 3; ID3v2.3.0, 3.1 to 3.3 and 5; ID3v2.4.0 main structure, 3 to 6.
"""

from __future__ import annotations

import mmap
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from earmark.apps.tags.kinds import kind_of
from earmark.foundation.errors import PieceError
from earmark.music.recordings.id3 import HEADER, id3_extent

UNSYNCHRONISED, EXTENDED, FOOTER = 0x80, 0x40, 0x10  # flags of a tag
LATIN1, UTF16, UTF16_BE, UTF8 = range(4)  # text encodings; the last two since version 2.4
NEW_VERSION = 4
NEW_PADDING = 1024  # bytes of a tag that has to grow, so that the next program need not move the sound
_FRAMES = {
    "genre": (b"TCO", b"TCON"),
    "key": (b"TKE", b"TKEY"),
    "composer": (b"TCM", b"TCOM"),
}
"""Of each kind: in version 2.2, and later."""
_KINDS = {name: kind for kind, names in _FRAMES.items() for name in names}
_CHECKSUM = {3: 0x80, 4: 0x20}  # flag of an extended header, by version
_FREE = (b"TXX", b"TXXX")
_CODECS = {LATIN1: "latin-1", UTF16: "utf-16", UTF16_BE: "utf-16-be", UTF8: "utf-8"}


@dataclass(frozen=True)
class Frame:
    """A frame.

    Attributes:
        name: Of three or four bytes, as the tag has it.
        flags: Two bytes; none in version 2.2.
        body: What follows the header.
        raw: Header and body.
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
        extended: The extended header.
        frames: The frames.
        rest: What follows them and is neither a frame nor padding.
        size: Bytes of all that, padding included.
        exact: Whether undoing and doing again its unsynchronisation gives its bytes.
    """

    version: int
    revision: int = 0
    flags: int = 0
    extended: bytes = b""
    frames: tuple[Frame, ...] = ()
    rest: bytes = b""
    size: int = 0
    exact: bool = True

    def values(self) -> list[tuple[str, str]]:
        """Kind and value of what the frames say of genre, key and composer."""
        found = []
        for frame in self.frames:
            kind, texts = self._said_by(frame)
            if kind == "genre":
                texts = _genres(texts)
            found += [(kind, text) for text in texts if kind]
        return found

    def others(self, kinds: Sequence[str]) -> object:
        """All but the frames of some kinds, as bytes, to be compared."""
        frames = [frame.raw for frame in self.frames if self._said_by(frame)[0] not in kinds]
        return self.version, self.revision, self.flags, self.extended, frames, self.rest.rstrip(b"\0")

    def says_more(self, kinds: Sequence[str]) -> bool:
        """Whether there is anything besides the frames of some kinds."""
        frames = (frame for frame in self.frames if self._said_by(frame)[0] not in kinds)
        return bool(self.extended or self.rest.strip(b"\0") or any(True for _ in frames))

    def with_values(self, new: Mapping[str, str]) -> Tag:
        """The tag with one frame for each kind, in place of those that it has; new ones go to the front."""
        left = tuple(frame for frame in self.frames if self._said_by(frame)[0] not in new)
        added = tuple(self._frame(kind, value) for kind, value in new.items())
        return replace(self, frames=added + left)

    def rendered(self) -> bytes:
        """The tag as bytes; its size stays, where padding has room for what is new.

        Raises:
            PieceError: It cannot be written with its other bytes as they are.
        """
        if not self.exact:
            raise PieceError("not tagged: its ID3 tag is unsynchronised in a way that cannot be kept")
        if len(self.extended) > 5 and self.extended[4 if self.version == 3 else 5] & _CHECKSUM[self.version]:
            raise PieceError("not tagged: its ID3 tag has a checksum of its frames")
        content = self.extended + b"".join(frame.raw for frame in self.frames) + self.rest
        by_tag = bool(self.flags & UNSYNCHRONISED) and self.version < NEW_VERSION
        content = _unsynchronised(content) if by_tag else content
        if self.flags & FOOTER or self.extended or self.rest:
            pass  # padding is not allowed, or its size is stated
        elif len(content) <= self.size:
            content += bytes(self.size - len(content))
        else:
            content += bytes(NEW_PADDING)
        sizes = bytes(len(content) >> shift & 0x7F for shift in (21, 14, 7, 0))
        head = bytes([self.version, self.revision, self.flags]) + sizes
        return b"ID3" + head + content + (b"3DI" + head if self.flags & FOOTER else b"")

    def _said_by(self, frame: Frame) -> tuple[str | None, list[str]]:
        """The kind of a frame, and its texts."""
        name = frame.name.rstrip(b"\0 ")
        if name in _KINDS:
            return _KINDS[name], _texts(frame, self.version)
        if name in _FREE:
            title, *texts = _texts(frame, self.version) or [""]
            return kind_of(title), texts
        return None, []

    def _frame(self, kind: str, value: str) -> Frame:
        name = _FRAMES[kind][self.version > 2]
        if value.isascii():
            body = bytes([LATIN1]) + value.encode("ascii")
        elif self.version >= NEW_VERSION:
            body = bytes([UTF8]) + value.encode()
        else:
            body = bytes([UTF16]) + b"\xff\xfe" + value.encode("utf-16-le")
        if self.version == 2:
            return Frame(name, b"", body, name + len(body).to_bytes(3, "big") + body)
        shifts = (21, 14, 7, 0) if self.version >= NEW_VERSION else (24, 16, 8, 0)
        mask = 0x7F if self.version >= NEW_VERSION else 0xFF
        size = bytes(len(body) >> shift & mask for shift in shifts)
        return Frame(name, bytes(2), body, name + size + bytes(2) + body)


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
    exact = True
    size = len(content)
    if flags & UNSYNCHRONISED and version < NEW_VERSION:
        plain = content.replace(b"\xff\0", b"\xff")
        exact = _unsynchronised(plain) == content
        content = plain
    extended = _extended(content, version) if flags & EXTENDED else b""
    frames, rest = _frames(content[len(extended) :], version)
    return Tag(version, revision, flags, extended, frames, rest, size, exact)


def _extended(content: bytes, version: int) -> bytes:
    """The extended header that content begins with; in version 2.2 the flag means compression."""
    if version == 2:
        raise PieceError("its ID3 tag is compressed")
    if version == 3:
        return content[: 4 + int.from_bytes(content[:4], "big")]
    return content[: _synchsafe(content[:4])]


def _frames(content: bytes, version: int) -> tuple[tuple[Frame, ...], bytes]:
    """Frames, and what follows them besides padding."""
    if version < NEW_VERSION:
        return _chain(content, 3 if version == 2 else 4, safe=False)
    frames, rest = _chain(content, 4, safe=True)
    if rest:  # iTunes wrote plain sizes into version 2.4
        others, other_rest = _chain(content, 4, safe=False)
        if not other_rest:
            return others, other_rest
    return frames, rest


def _chain(content: bytes, letters: int, *, safe: bool) -> tuple[tuple[Frame, ...], bytes]:
    """letters: of a name. safe: whether sizes have seven bits a byte."""
    frames = []
    place, head = 0, 2 * letters + (2 if letters == 4 else 0)
    while place + head <= len(content) and content[place]:
        name = content[place : place + letters]
        size_bytes = content[place + letters : place + 2 * letters]
        if not re.fullmatch(rb"[A-Z][A-Z0-9]{2}[A-Z0-9 \0]?", name) or (safe and max(size_bytes) > 0x7F):
            break
        size = _synchsafe(size_bytes) if safe else int.from_bytes(size_bytes, "big")
        end = place + head + size
        if end > len(content):
            break
        body = content[place + head : end]
        frames.append(Frame(name, content[place + 2 * letters : place + head], body, content[place:end]))
        place = end
    rest = content[place:]
    return tuple(frames), rest if rest.strip(b"\0") else b""


def _texts(frame: Frame, version: int) -> list[str]:
    """The texts of a text frame, as well as they can be read."""
    body, flag = frame.body, frame.flags[1] if frame.flags else 0
    compressed, encrypted, grouped = (0x80, 0x40, 0x20) if version == 3 else (0x08, 0x04, 0x40)
    if flag & encrypted:
        return ["(encrypted)"]
    if version == 3:
        body = body[4 if flag & compressed else 0 :][1 if flag & grouped else 0 :]
    else:
        body = body[1 if flag & grouped else 0 :][4 if flag & 0x01 else 0 :]
        body = body.replace(b"\xff\0", b"\xff") if flag & 0x02 else body
    if flag & compressed:
        try:
            body = zlib.decompress(body)
        except zlib.error:
            return ["(cannot be decompressed)"]
    if not body:
        return []
    if body[0] not in _CODECS:  # the byte that tells the encoding is missing, or a mistake
        return [body.decode("latin-1")]
    codec = _CODECS[body[0]]
    if codec == "utf-16" and body[1:3] not in (b"\xff\xfe", b"\xfe\xff"):
        codec = "utf-16-le"
    text = body[1:].decode(codec, errors="replace")
    return [part.removeprefix("\ufeff") for part in text.split("\0")]


def _genres(texts: Sequence[str]) -> list[str]:
    """Names of genres for their numbers."""
    from mutagen.id3 import TCON

    return list(TCON(encoding=UTF8, text=list(texts)).genres)


def _synchsafe(data: bytes) -> int:
    number = 0
    for byte in data:
        number = number << 7 | byte & 0x7F
    return number


def _unsynchronised(content: bytes) -> bytes:
    """Nothing looks like the sync word of a frame of sound (ID3v2.3.0, 5)."""
    return re.sub(rb"\xff(?=[\x00\xe0-\xff]|\Z)", b"\xff\0", content)
