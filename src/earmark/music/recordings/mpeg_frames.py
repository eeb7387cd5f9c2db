"""Frames of MPEG audio (MP1, MP2, MP3), counted: how long a file lasts, whatever its Xing header says.

libsndfile estimates the length of a file of changing bit rates from its first frames, and stops there.

References:
    ISO/IEC 11172-3, 2.4.2.3; ISO/IEC 13818-3, 2.4.2.3; MPEG-2.5 by Fraunhofer.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from earmark.foundation.deadline import check_deadline
from earmark.music.recordings.id3_extent import HEADER as ID3_HEADER
from earmark.music.recordings.id3_extent import id3_extent

Bytes: TypeAlias = bytes | mmap.mmap

HEADER = 4  # bytes
FREE = 0  # index of a bit rate that no table lists
_RATES_HZ = (44_100, 48_000, 32_000)  # of MPEG-1; halved in MPEG-2, quartered in MPEG-2.5
_KBIT_S = {  # by "is MPEG-1" and layer
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_LONGEST = 8192  # bytes of a frame, free format included
_TABLES = (b"Xing", b"Info", b"VBRI")  # in a first frame, which then has no sound
_TABLE_WITHIN = 64  # bytes of a first frame's beginning, among which such a table begins


@dataclass(frozen=True)
class Frame:
    """A frame's header.

    Attributes:
        samples: Samples of sound in the frame.
        rate_hz: Sampling rate, Hz.
        length: Bytes, header included; 0 in free format, where the header does not tell.
        padding: Bytes that a frame of free format is longer than others.
    """

    samples: int
    rate_hz: int
    length: int
    padding: int


@dataclass(frozen=True)
class Extent:
    """How long a file lasts.

    Attributes:
        duration_s: Of all its frames, seconds; 0 where there is none.
        frame_s: Of its longest frame, seconds.
        stated_s: By its Xing table, seconds, where that states more bytes than there are: the file is cut.
        lost_s: What bytes that are no frames, between and after these, would last at the frames' mean rate.
    """

    duration_s: float
    frame_s: float
    stated_s: float = 0.0
    lost_s: float = 0.0


def frame_at(data: Bytes, place: int) -> Frame | None:
    """Read a frame's header; None where there is none."""
    head = data[place : place + HEADER]
    if len(head) < HEADER or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 4 or bitrate == 15 or rate == 3:
        return None
    first = version == 3
    rate_hz = _RATES_HZ[rate] >> (0 if first else 1 if version == 2 else 2)
    samples = 384 if layer == 1 else 1152 if first or layer == 2 else 576
    slot = 4 if layer == 1 else 1
    padding = (head[2] >> 1 & 1) * slot
    if bitrate == FREE:
        return Frame(samples, rate_hz, 0, padding)
    bits_s = _KBIT_S[first, layer][bitrate] * 1000
    length = samples // 8 // slot * bits_s // rate_hz * slot + padding
    return Frame(samples, rate_hz, length, padding)


def has_frames(data: Bytes) -> bool:
    """Tell whether there is a frame in data that another one of its kind follows."""
    return _next(data, 0) is not None


def extent(file: Path) -> Extent:
    """Count the frames of a file; tags and damaged parts between them are passed over.

    Raises:
        OSError: It cannot be read.
    """
    with file.open("rb") as handle:
        if not handle.seek(0, os.SEEK_END):
            return Extent(0, 0)
        with mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
            duration_s = longest_s = stated_s = 0.0
            first = filled = 0
            for place, frame, length in _frames(data):
                if not filled:
                    first = place
                    if any(mark in data[place : place + _TABLE_WITHIN] for mark in _TABLES):
                        stated_s = _stated_s(data, place, frame)
                        first += length
                        continue
                filled += length
                frame_s = frame.samples / frame.rate_hz
                duration_s, longest_s = duration_s + frame_s, max(longest_s, frame_s)
            lost = _end_of_sound(data) - first - filled
    lost_s = lost * duration_s / filled if filled and lost > 0 else 0.0
    return Extent(duration_s, longest_s, stated_s, lost_s)


def _end_of_sound(data: Bytes) -> int:
    """Where tags at the end of a file begin: ID3v1, APEv2, Lyrics3."""
    end = len(data)
    while True:
        before = end
        if data[end - 128 : end - 125] == b"TAG":
            end -= 128
        if data[end - 32 : end - 24] == b"APETAGEX":
            has_header = data[end - 9] & 0x80
            end -= int.from_bytes(data[end - 20 : end - 16], "little") + (32 if has_header else 0)
        if data[end - 9 : end] == b"LYRICS200" and data[end - 15 : end - 9].isdigit():
            end -= int(data[end - 15 : end - 9]) + 15
        if end == before or end <= 0:
            return max(end, 0)


def _stated_s(data: Bytes, place: int, frame: Frame) -> float:
    """What the Xing table of a first frame states, where the bytes that it states are not all there."""
    head = data[place : place + _TABLE_WITHIN]
    at = max(head.find(b"Xing"), head.find(b"Info"))
    if at < 0:
        return 0.0
    flags, frames, size = (int.from_bytes(head[at + n : at + n + 4], "big") for n in (4, 8, 12))
    if flags & 3 != 3 or place + size <= len(data):
        return 0.0
    return frames * frame.samples / frame.rate_hz


def _frames(data: Bytes) -> Iterator[tuple[int, Frame, int]]:
    """All whole frames: where they begin, their headers, and their bytes."""
    start = 0
    while (begin := id3_extent(data[start : start + ID3_HEADER])[1]) > 0:
        start += begin
    place = _next(data, start)
    while place is not None:
        opening, beginning = frame_at(data, place), place
        free_length = _length_at(data, place) - opening.padding if opening and not opening.length else 0
        while (frame := frame_at(data, place)) is not None:
            length = frame.length or free_length + frame.padding
            if length <= HEADER or place + length > len(data):
                break
            yield place, frame, length
            place += length
        place = _next(data, max(place, beginning + 1))


def _next(data: Bytes, place: int) -> int | None:
    """Where the next frame begins that another one follows, at `place` or later; None where none does."""
    while (place := data.find(b"\xff", place)) >= 0:
        check_deadline()
        if _length_at(data, place):
            return place
        place += 1
    return None


def _length_at(data: Bytes, place: int) -> int:
    """Bytes of the frame at `place` if another one of its kind follows it or the data end there; else 0."""
    frame = frame_at(data, place)
    if frame is None:
        return 0
    if frame.length:
        after = place + frame.length
        return frame.length if after == len(data) or _alike(data, place, after) else 0
    after, end = place + HEADER, min(place + _LONGEST, len(data) - HEADER)
    while (after := data.find(b"\xff", after, end)) >= 0:
        if _alike(data, place, after) and data[after + 2] >> 4 == FREE:
            return after - place
        after += 1
    return 0


def _alike(data: Bytes, one: int, other: int) -> bool:
    """Whether frames at two places are of one version, layer and sampling rate."""
    first, second = data[one : one + HEADER], data[other : other + HEADER]
    return (
        frame_at(data, other) is not None
        and first[1] & 0xFE == second[1] & 0xFE
        and first[2] & 0x0C == second[2] & 0x0C
    )
