"""Texts of frames of ID3v2, as well as they can be read.

References:
    ID3v2.3.0, 3.3 and 4.2; ID3v2.4.0 main structure, 4.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

LATIN1, UTF16, UTF16_BE, UTF8 = range(4)  # text encodings; the last two since version 2.4
_CODECS = {LATIN1: "latin-1", UTF16: "utf-16", UTF16_BE: "utf-16-be", UTF8: "utf-8"}


def texts(body: bytes, flag: int, version: int, *, unsynchronised: bool = False) -> list[str]:
    """The texts of a text frame.

    Args:
        body: Of the frame.
        flag: The second byte of its flags.
        version: Of the tag.
        unsynchronised: Whether the tag says so of all its frames, in version 2.4.
    """
    compressed, encrypted, grouped = (0x80, 0x40, 0x20) if version == 3 else (0x08, 0x04, 0x40)
    if flag & encrypted:
        return ["(encrypted)"]
    if version == 3:
        body = body[4 if flag & compressed else 0 :][1 if flag & grouped else 0 :]
    else:
        body = body[1 if flag & grouped else 0 :][4 if flag & 0x01 else 0 :]
        body = body.replace(b"\xff\0", b"\xff") if flag & 0x02 or unsynchronised else body
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


def genres(said: Sequence[str]) -> list[str]:
    """Names of genres for their numbers."""
    from mutagen.id3 import TCON

    return list(TCON(encoding=UTF8, text=list(said)).genres)
