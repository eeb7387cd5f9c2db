"""Read Standard MIDI Files into the bare events that a synthesizer needs.

Follows the Standard MIDI File 1.0 specification (MIDI Manufacturers Association, RP-001): chunks,
variable-length quantities, running status, tempo meta events, formats 0 to 2, SMPTE division, and
the RIFF wrapper (`RMID`). It is lenient where players are (unknown chunks, a last track cut short,
data bytes above 127 masked) and exact where sound depends on it: channels, controllers and the order
of simultaneous events are kept. Other libraries either build an object per event (mido: 1.0 s for
23,000 events) or drop channels and mid-track program changes (symusic), hence this reader.

References:
    MIDI Manufacturers Association, "Standard MIDI Files 1.0", RP-001, 1996.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earmark.foundation.errors import PieceError

NOTE_OFF, NOTE_ON, POLY_PRESSURE, CONTROL, PROGRAM, PRESSURE, PITCH_BEND = range(0x80, 0xF0, 0x10)
# Controllers that end all notes of a channel: 120, and 123 with the mode changes 124 to 127.
ALL_SOUND_OFF, ALL_NOTES_OFF = 120, 123
DRUM_CHANNEL = 9  # channel 10 in musicians' counting, General MIDI percussion
DEFAULT_TEMPO_US = 500_000  # microseconds a quarter note: 120 a minute, the standard's default
_DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}

Row = tuple[int, int, int, int, int, int]  # tick, port_channel, kind, data1, data2, track


@dataclass(frozen=True)
class Events:
    """Channel events in the order of sounding, one row each.

    Attributes:
        time_s: (n,) float64, seconds from the beginning of the file.
        port_channel: (n,) int16, `16 * port + channel`; ports come from MIDI Port meta events.
        kind: (n,) uint8, status byte without channel (NOTE_ON, CONTROL, …). A note-on of velocity 0 is
            already a NOTE_OFF.
        data1: (n,) uint8, first data byte.
        data2: (n,) uint8, second data byte, 0 where the event has none.
        track: (n,) int16, number of the track that holds the event.
    """

    time_s: np.ndarray
    port_channel: np.ndarray
    kind: np.ndarray
    data1: np.ndarray
    data2: np.ndarray
    track: np.ndarray

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def is_drum(self) -> np.ndarray:
        """Whether an event is on the percussion channel of its port, (n,)."""
        return self.port_channel % 16 == DRUM_CHANNEL

    def where(self, mask: np.ndarray) -> Events:
        """Return the events for which `mask` (n,) is true."""
        return Events(*(column[mask] for column in self._columns()))

    def scaled(self, factor: float) -> Events:
        """Return the same events with every time multiplied by `factor`."""
        return Events(self.time_s * factor, *self._columns()[1:])

    def _columns(self) -> tuple[np.ndarray, ...]:
        return self.time_s, self.port_channel, self.kind, self.data1, self.data2, self.track


def read(path: Path) -> Events:
    """Read the events of a MIDI file.

    Raises:
        PieceError: It cannot be read, is no MIDI file, or has no notes.
    """
    try:
        return parse(path.read_bytes())
    except OSError as error:
        raise PieceError(f"cannot be read: {error.strerror}") from error


def parse(data: bytes) -> Events:
    """Parse the bytes of a MIDI file.

    Raises:
        PieceError: They are no MIDI file, or hold no notes.
    """
    return _parse(data)[0]


def first_metre(path: Path) -> str:
    """Read the first time signature of a MIDI file, for example `6/8`; "" where it states none.

    Raises:
        PieceError: It cannot be read, is no MIDI file, or has no notes.
    """
    try:
        metres = _parse(path.read_bytes())[1]
    except OSError as error:
        raise PieceError(f"cannot be read: {error.strerror}") from error
    return min(metres, key=lambda metre: metre[0])[1] if metres else ""


def _parse(data: bytes) -> tuple[Events, list[tuple[int, str]]]:
    """Return the events and the time signatures (tick, metre) of a MIDI file's bytes."""
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        start = data.find(b"MThd")
        data = data[start:] if start >= 0 else b""
    if data[:4] != b"MThd":
        raise PieceError("not a MIDI file: its header chunk MThd is missing" if data else "empty file")
    if len(data) < 14:
        raise PieceError("MIDI header is cut short")
    header_size = int.from_bytes(data[4:8], "big")
    file_format = int.from_bytes(data[8:10], "big")
    division = int.from_bytes(data[12:14], "big")
    if division == 0:
        raise PieceError("MIDI header states 0 ticks a quarter note")

    rows: list[Row] = []
    tempos: list[tuple[int, int]] = []
    metres: list[tuple[int, str]] = []
    position, offset, track = 8 + header_size, 0, 0
    while position + 8 <= len(data):
        size = int.from_bytes(data[position + 4 : position + 8], "big")
        chunk = data[position + 8 : position + 8 + size]
        if data[position : position + 4] == b"MTrk":
            end = _read_track(chunk, offset, track, rows, tempos, metres)
            track += 1
            # Format 2 holds independent patterns, played one after the other.
            offset = end if file_format == 2 else 0
        position += 8 + size
    if not any(row[2] == NOTE_ON for row in rows):
        raise PieceError("MIDI file has no notes")
    rows.sort(key=lambda row: row[0])
    table = np.array(rows, dtype=np.int64)
    events = Events(
        time_s=_seconds(table[:, 0], tempos, division),
        port_channel=table[:, 1].astype(np.int16),
        kind=table[:, 2].astype(np.uint8),
        data1=table[:, 3].astype(np.uint8),
        data2=table[:, 4].astype(np.uint8),
        track=table[:, 5].astype(np.int16),
    )
    return events, metres


def _read_track(
    chunk: bytes,
    tick: int,
    track: int,
    rows: list[Row],
    tempos: list[tuple[int, int]],
    metres: list[tuple[int, str]],
) -> int:
    """Append a track's channel events, tempos and metres, and return the tick at its end.

    A track that is cut short ends early.
    """
    # Running status is kept across meta and system exclusive events: the standard forbids it, but files in
    # circulation rely on it, and a reader that resets it turns them into silence.
    position, running, port = 0, 0, 0
    try:
        while position < len(chunk):
            delta, position = _variable_length(chunk, position)
            tick += delta
            status = chunk[position]
            if status >= 0x80:
                position += 1
            elif running:
                status = running
            else:
                raise PieceError("MIDI track has data where a status byte belongs")
            if status < 0xF0:
                running = status
                kind = status & 0xF0
                first = chunk[position] & 0x7F
                second = chunk[position + 1] & 0x7F if _DATA_BYTES[kind] == 2 else 0
                position += _DATA_BYTES[kind]
                if kind == NOTE_ON and second == 0:
                    kind = NOTE_OFF
                rows.append((tick, 16 * port + (status & 0x0F), kind, first, second, track))
            elif status == 0xFF:
                meta = chunk[position]
                size, position = _variable_length(chunk, position + 1)
                if meta == 0x51 and size == 3:
                    tempos.append((tick, int.from_bytes(chunk[position : position + 3], "big")))
                elif meta == 0x58 and size == 4:  # the denominator is stated as a power of two
                    metres.append((tick, f"{chunk[position]}/{1 << min(chunk[position + 1], 10)}"))
                elif meta == 0x21 and size == 1:
                    port = chunk[position]
                elif meta == 0x2F:
                    break
                position += size
            elif status in (0xF0, 0xF7):
                size, position = _variable_length(chunk, position)
                position += size
            else:  # other system messages do not belong in files; their lengths are fixed
                position += {0xF1: 1, 0xF2: 2, 0xF3: 1}.get(status, 0)
    except IndexError:  # the track is cut short
        pass
    return tick


def _variable_length(data: bytes, position: int) -> tuple[int, int]:
    """Return a variable-length quantity and the position after it."""
    value = 0
    for _ in range(4):
        byte = data[position]
        position += 1
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, position
    raise PieceError("MIDI track has a number of more than four bytes")


def _seconds(ticks: np.ndarray, tempos: list[tuple[int, int]], division: int) -> np.ndarray:
    """Convert ticks to seconds by tempo changes (tick, microseconds a quarter) and the header's division."""
    if division & 0x8000:
        # SMPTE: negative frames a second in the high byte (29 means 29.97), ticks a frame in the low.
        frames = 256 - (division >> 8)
        return ticks / ((30 / 1.001 if frames == 29 else frames) * max(division & 0xFF, 1))
    changes = {0: DEFAULT_TEMPO_US}
    changes.update(sorted(tempos, key=lambda change: change[0]))
    starts = np.array(sorted(changes), dtype=np.int64)
    tick_s = np.array([changes[int(start)] for start in starts]) / (1e6 * division)
    starts_s = np.concatenate([[0.0], np.cumsum(np.diff(starts) * tick_s[:-1])])
    segment = np.searchsorted(starts, ticks, side="right") - 1
    return starts_s[segment] + (ticks - starts[segment]) * tick_s[segment]
