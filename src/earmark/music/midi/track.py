"""Read the events of one track of a MIDI file, and go on after what is damaged in it."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from earmark.foundation.errors import PieceError

# Faults in a track from which on what was read is noise, not music: their share of its events, and so many.
MOST_DAMAGE, FEWEST_FAULTS = 0.2, 4
MOST_WRONG = 0.5  # share of events of which a writer does not know that data bytes have seven bits
SMALLEST_EVENT = 2  # bytes: its time, and one byte of data where the status runs on
TOO_MANY = "MIDI file has more events than are heard: raise midi.max_events, or leave it out"
_META_END, _META_TEMPO, _META_METRE, _META_PORT = 0x2F, 0x51, 0x58, 0x21
_LARGEST_NUMBER = (1 << 28) - 1  # what the four bytes of the standard hold
_EXCLUSIVE, _EXCLUSIVE_END, _META = 0xF0, 0xF7, 0xFF


@dataclass
class Track:
    """What one track holds.

    Attributes:
        ticks: Of the channel events.
        events: The channel events: `port << 24 | status << 16 | data1 << 8 | data2`. A note-on of velocity 0
            is already a note-off.
        tempos: (tick, microseconds a quarter note) of tempo changes.
        metres: (tick, for example `6/8`) of time signatures.
        exclusives: (tick, number of channel events before it, port, bytes without F0 and F7) of messages
            to one maker's instruments.
        end_tick: Tick at the end.
        size: Bytes up to the end.
        is_ended: Whether it has an End-of-Track event.
        faults: What was passed over, in words.
    """

    end_tick: int
    ticks: array[int] = field(default_factory=lambda: array("q"))
    events: array[int] = field(default_factory=lambda: array("q"))
    tempos: list[tuple[int, int]] = field(default_factory=list)
    metres: list[tuple[int, str]] = field(default_factory=list)
    exclusives: list[tuple[int, int, int, bytes]] = field(default_factory=list)
    size: int = 0
    is_ended: bool = False
    faults: list[str] = field(default_factory=list)


def read_track(chunk: bytes, tick: int, max_events: int) -> Track:
    """Read a track.

    Numbers of more than four bytes keep their lower 28 bits, as in players; a negative one counts as 0. Data
    bytes that follow no status byte are passed over, up to the next event.

    Args:
        chunk: From its first event on; what follows its End-of-Track event is not read.
        tick: When it begins.
        max_events: Channel events that it may hold.

    Raises:
        PieceError: It holds more.
    """
    track = Track(tick)
    # Running status is kept across meta and system exclusive events: the standard forbids it, but files in
    # circulation rely on it, and a reader that resets it turns them into silence.
    position, size, running, port = 0, len(chunk), 0, 0
    checked = SMALLEST_EVENT * max_events  # the position up to which there cannot be more
    strange, odd, stray = 0, 0, 0  # data bytes above 127; what no sound file has; bytes passed over
    add_tick, add_event = track.ticks.append, track.events.append
    try:
        while position < size:
            if position > checked:
                if len(track.events) > max_events:
                    raise PieceError(TOO_MANY)
                checked = position + SMALLEST_EVENT * (max_events - len(track.events))
            delta = chunk[position]
            position += 1
            if delta >= 0x80:
                delta, position = _number(chunk, position - 1)
            tick += delta
            status = chunk[position]
            if status >= 0x80:
                position += 1
            elif running:
                status = running
            else:
                following = _next_event(chunk, position)
                stray += following - position
                position = following
                continue
            if status < 0xF0:
                running = status
                first = chunk[position]
                if 0xC0 <= status < 0xE0:
                    second = 0
                    position += 1
                else:
                    second = chunk[position + 1]
                    position += 2
                if (first | second) >= 0x80:
                    strange += 1
                    first, second = first & 0x7F, second & 0x7F
                if second == 0 and 0x90 <= status < 0xA0:
                    status ^= 0x10
                add_tick(tick)
                add_event(port << 24 | status << 16 | first << 8 | second)
            elif status == _META:
                meta = chunk[position]
                if meta == _META_END:
                    track.is_ended = True
                    position = min(position + 2, size)
                    break
                length, position = _number(chunk, position + 1)
                content = chunk[position : position + length]
                if position + length > size:
                    odd += 1
                    position = _after_overlong(chunk, position, track)
                    continue
                position += length
                if meta == _META_TEMPO and length == 3:
                    track.tempos.append((tick, int.from_bytes(content, "big")))
                elif meta == _META_METRE and length == 4:  # the denominator is stated as a power of two
                    track.metres.append((tick, f"{content[0]}/{1 << min(content[1], 10)}"))
                elif meta == _META_PORT and length == 1:
                    port = content[0]
            elif status in (_EXCLUSIVE, _EXCLUSIVE_END):
                length, position = _number(chunk, position)
                if position + length > size:
                    odd += 1
                    position = _after_overlong(chunk, position, track)
                    continue
                content = chunk[position : position + length]
                if status == _EXCLUSIVE_END:  # a message whole, or the rest of one
                    content = content.removeprefix(b"\xf0")
                track.exclusives.append((tick, len(track.events), port, content.removesuffix(b"\xf7")))
                position += length
            else:  # other system messages do not belong in files; their lengths are fixed
                odd += 1
                position += {0xF1: 1, 0xF2: 2, 0xF3: 1}.get(status, 0)
    except IndexError:  # the track ends within an event
        track.faults.append("ends in the middle of an event")
        position = size
    if len(track.events) > max_events:
        raise PieceError(TOO_MANY)
    track.end_tick, track.size = tick, position
    if stray:
        track.faults.append(f"has {stray} stray {'byte' if stray == 1 else 'bytes'}, which are passed over")
    if odd and strange + odd > max(MOST_DAMAGE * len(track.events), FEWEST_FAULTS - 1):
        _drop(track)
    elif not track.faults and (odd or 0 < strange < MOST_WRONG * len(track.events)):
        count = strange + odd
        track.faults.append(
            f"is damaged: {count} {'event' if count == 1 else 'events'} cannot be right, "
            "and what stands near may be played wrongly"
        )
    return track


def _drop(track: Track) -> None:
    if any(event >> 20 & 0xF == 0x9 for event in track.events):
        track.faults[:] = ["is damaged throughout, and is not played"]
    for column in (track.ticks, track.events, track.tempos, track.metres, track.exclusives):
        del column[:]


def _number(data: bytes, position: int) -> tuple[int, int]:
    """Return a number of variable length and the position after it."""
    start, value = position, 0
    while True:
        byte = data[position]
        position += 1
        value = (value << 7 | byte & 0x7F) & _LARGEST_NUMBER
        if byte < 0x80:
            # A negative number that was written as one of 32 or 64 bits is longer than the standard's.
            is_negative = position - start > 4 and value > _LARGEST_NUMBER >> 1
            return 0 if is_negative else value, position


def _after_overlong(chunk: bytes, position: int, track: Track) -> int:
    """Return where events go on after one that reaches beyond its track."""
    following = _next_event(chunk, position)
    if following < len(chunk):
        track.faults.append("has an event that reaches beyond its end, which is passed over")
    else:
        track.faults.append("ends in the middle of an event")
    return following


def _next_event(chunk: bytes, position: int) -> int:
    """Return the first position from which a time and a whole event can be read, else the chunk's end."""
    for start in range(position, len(chunk)):
        if all(byte >= 0x80 for byte in chunk[start : start + 4]):  # no number of the standard begins here
            continue
        try:
            if _is_event(chunk, _number(chunk, start)[1]):
                return start
        except IndexError:
            continue
    return len(chunk)


def _is_event(chunk: bytes, position: int) -> bool:
    """Whether a whole event with its status byte begins at a position. Raises IndexError at the end."""
    status = chunk[position]
    if 0x80 <= status < 0xF0:
        return chunk[position + 1] < 0x80 and (0xC0 <= status < 0xE0 or chunk[position + 2] < 0x80)
    if status == _EXCLUSIVE or (status == _META and chunk[position + 1] < 0x80):
        length, after = _number(chunk, position + (2 if status == _META else 1))
        return after + length <= len(chunk)
    return False
