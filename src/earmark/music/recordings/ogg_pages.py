"""Pages of Ogg files, read: how long a file lasts that has several streams one after another.

libsndfile reads the first of such chained streams, and some of Opus it takes to last for ever.

References:
    RFC 3533 (pages); RFC 7845, 4 and 5.1 (Opus); Vorbis I, 4.2.2 and A.2; the mapping of FLAC to Ogg.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

_PAGE = struct.Struct("<4sBBqIIIB")  # mark, version, flags, granule, serial, number, checksum, segments
_MARK = b"OggS"
_HEAD = 64  # bytes of a first packet that tell all
_BEGINS = 2  # flag of a stream's first page
_NONE = -1  # granule position of a page on which no packet ends
_OPUS_RATE_HZ = 48_000  # of its granule positions, whatever the input's rate was
_LATE_S = 5.0  # a first granule position beyond: the file was cut out of a longer stream


@dataclass
class Stream:
    """A logical stream.

    Attributes:
        rate_hz: Granule positions a second; 0 where the codec is not known.
        skipped: Samples before the beginning of the music.
        group: Number of the link of the chain that it belongs to: streams of one link sound at once.
        first: First granule position.
        last: Last granule position.
    """

    rate_hz: int
    skipped: int
    group: int = 0
    first: int = _NONE
    last: int = _NONE

    @property
    def duration_s(self) -> float:
        """Its duration, seconds."""
        if self.rate_hz == 0 or self.last == _NONE:
            return 0.0
        begin = self.first if self.first > _LATE_S * self.rate_hz else self.skipped
        return max(self.last - begin, 0) / self.rate_hz


def streams(file: Path) -> list[Stream]:
    """The streams of sound in a file, in their order.

    Raises:
        OSError: It cannot be read.
    """
    by_serial: dict[int, Stream] = {}
    ended: list[Stream] = []
    group, has_begun = 0, False
    for flags, granule, serial, head in _pages(file):
        if flags & _BEGINS:
            if has_begun:  # the streams of a link begin before any of them goes on
                group, has_begun = group + 1, False
            if serial in by_serial:  # two files of one serial number, joined
                ended.append(by_serial.pop(serial))
            by_serial[serial] = replace(_stream(head), group=group)
            continue
        has_begun = True
        if granule > 0 and serial in by_serial:
            stream = by_serial[serial]
            stream.last = granule
            if stream.first == _NONE:
                stream.first = granule
    return [stream for stream in (*ended, *by_serial.values()) if stream.rate_hz]


def duration_s(file: Path) -> float:
    """How long a file lasts: the longest stream of each link, seconds; 0 where no codec is known.

    Raises:
        OSError: It cannot be read.
    """
    links: dict[int, float] = {}
    for stream in streams(file):
        links[stream.group] = max(links.get(stream.group, 0.0), stream.duration_s)
    return sum(links.values())


def _pages(file: Path) -> Iterator[tuple[int, int, int, bytes]]:
    """Flags, granule position, serial number and the beginning of the content of each page."""
    with file.open("rb") as handle:
        if not handle.seek(0, os.SEEK_END):
            return
        with mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
            place = data.find(_MARK)
            while 0 <= place <= len(data) - _PAGE.size:
                _, _, flags, granule, serial, _, _, segments = _PAGE.unpack_from(data, place)
                content = place + _PAGE.size + segments
                end = content + sum(data[place + _PAGE.size : content])
                yield flags, granule, serial, data[content : min(end, content + _HEAD)]
                # Tags, zeros and damage may lie between pages.
                place = end if data[end : end + len(_MARK)] == _MARK else data.find(_MARK, place + 1)


def _stream(head: bytes) -> Stream:
    """What the first packet of a stream tells."""
    if head[:8] == b"OpusHead" and len(head) >= 12:
        return Stream(_OPUS_RATE_HZ, int.from_bytes(head[10:12], "little"))
    if head[:7] == b"\x01vorbis" and len(head) >= 16:
        return Stream(int.from_bytes(head[12:16], "little"), 0)
    if head[:5] == b"\x7fFLAC" and len(head) >= 30:  # STREAMINFO begins at 17, its rate of 20 bits 10 on
        return Stream(int.from_bytes(head[27:30], "big") >> 4, 0)
    if head[:8] == b"Speex   " and len(head) >= 40:
        return Stream(int.from_bytes(head[36:40], "little"), 0)
    return Stream(0, 0)
