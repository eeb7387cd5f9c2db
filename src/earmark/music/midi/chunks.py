"""Find the tracks of a MIDI file, whatever its wrapper and its chunks' lengths say.

A track ends at its End-of-Track event; what a chunk states as its length decides only where such an event is
missing. Lengths in circulation are too long, too short, 0 or never filled in, and bytes stray between chunks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from earmark.foundation.errors import PieceError
from earmark.music.midi.track import Track, read_track

HEADER, TRACK = b"MThd", b"MTrk"
HEADER_BYTES = 14
MACBINARY_BYTES = 128  # a header of that size, then the file
FARTHEST_HEADER = 65_536  # bytes in front of a file: a mail's or a browser's, say


@dataclass(frozen=True)
class Header:
    """What the header chunk states.

    Attributes:
        file_format: 0 one track, 1 simultaneous tracks, 2 one after the other.
        tracks: Number of tracks.
        division: Ticks a quarter note, or SMPTE frames and ticks.
    """

    file_format: int
    tracks: int
    division: int


def unwrapped(data: bytes) -> bytes:
    """Return a MIDI file without a wrapper: RIFF (`RMID`), MacBinary, or whatever stands in front of it.

    Raises:
        PieceError: There is no header chunk.
    """
    if data[:4] == HEADER:
        return data
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        start = data.find(HEADER)
    elif data[MACBINARY_BYTES : MACBINARY_BYTES + 4] == HEADER:
        start = MACBINARY_BYTES
    else:  # only with its usual length: text may hold the four letters
        start = data.find(HEADER + b"\x00\x00\x00\x06", 0, FARTHEST_HEADER)
    if start < 0:
        is_empty = not data or data[8:12] == b"RMID"
        raise PieceError("empty file" if is_empty else "not a MIDI file: its header chunk MThd is missing")
    return data[start:]


def read_header(data: bytes) -> Header:
    """Read the header chunk.

    Raises:
        PieceError: It is cut short, or no time can be told by it.
    """
    if len(data) < HEADER_BYTES:
        raise PieceError("MIDI header is cut short")
    file_format, tracks, division = (int.from_bytes(data[at : at + 2], "big") for at in (8, 10, 12))
    if division == 0:
        raise PieceError("MIDI header states 0 ticks a quarter note")
    if division & 0x8000 and not division & 0xFF:
        raise PieceError("MIDI header states 0 ticks a frame")
    return Header(file_format, tracks, division)


def tracks_of(data: bytes, one_by_one: bool, max_events: int) -> Iterator[Track]:
    """Read the tracks of a MIDI file.

    Args:
        data: The file from its header on.
        one_by_one: Whether each track begins when the one before it ends (format 2).
        max_events: Channel events that all of them may hold.

    Yields:
        The tracks in their order, those that are damaged beyond use included.

    Raises:
        PieceError: They hold more events.
    """
    start = _stated_end(data, 0)
    if start < HEADER_BYTES or not _leads_on(data, start):
        start = HEADER_BYTES
    position, tick = _next_track(data, start), 0
    while position >= 0:
        track, position = _read_chunk(data, position, tick, max_events)
        max_events -= len(track.events)
        yield track
        position = _next_track(data, position)
        tick = track.end_tick if one_by_one else 0


def _read_chunk(data: bytes, position: int, tick: int, max_events: int) -> tuple[Track, int]:
    """Return the track whose chunk begins at a position, and where the next chunk should begin."""
    body = position + 8
    stated = _stated_end(data, position)
    is_likely = stated <= len(data) and _leads_on(data, stated)
    bound = stated if is_likely else _following(data, body, len(data))
    track = read_track(data[body:bound], tick, max_events)
    inner = _following(data, body, bound)
    if inner < body + track.size and (
        body + track.size != stated or _leads_on(data, _stated_end(data, inner))
    ):
        # The length spans several tracks, and this one has no end. The four letters may also stand in a text.
        bound = inner
        track = read_track(data[body:bound], tick, max_events)
    end = body + track.size
    if not track.is_ended:
        if stated > len(data) and bound == len(data):
            track.faults.append("is cut short")
        return track, bound
    following = _following(data, end, stated if is_likely else len(data))
    left = data[end:following] if is_likely or following < len(data) else b""
    if any(byte >= 0x80 for byte in left):
        track.faults.append(f"has {len(left)} bytes after its end, which are not played")
    return track, following if is_likely else end


def _following(data: bytes, start: int, end: int) -> int:
    """Where the next track chunk begins between two positions; the second where there is none."""
    found = data.find(TRACK, start, end)
    return end if found < 0 else found


def _next_track(data: bytes, position: int) -> int:
    """Where the next track chunk begins, looked for from where a chunk should begin; -1 if there is none."""
    following = _past_others(data, position)
    if following < 0:
        return data.find(TRACK, position)
    return following if following < len(data) else -1


def _leads_on(data: bytes, position: int) -> bool:
    """Whether chunks follow from a position on: a track, or others up to the end of the file."""
    return _past_others(data, position) >= 0


def _past_others(data: bytes, position: int) -> int:
    """Where the next track begins after chunks of other names, or the file ends; -1 where no chunk stands."""
    while position < len(data):
        kind = data[position : position + 4]
        if _is_track(kind):
            return position
        if len(data) < position + 8 or not all(0x20 <= byte < 0x7F for byte in kind):
            return -1
        position = _stated_end(data, position)
    return position if position == len(data) else -1


def _stated_end(data: bytes, position: int) -> int:
    """Where the chunk at a position ends by its own length."""
    return position + 8 + int.from_bytes(data[position + 4 : position + 8], "big")


def _is_track(kind: bytes) -> bool:
    """Whether a chunk's name is that of tracks, or has one wrong byte."""
    return len(kind) == 4 and sum(ours != theirs for ours, theirs in zip(TRACK, kind, strict=True)) <= 1
