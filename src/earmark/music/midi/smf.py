"""Read Standard MIDI Files into the bare events that a synthesizer needs.

Follows the Standard MIDI File 1.0 specification (MIDI Manufacturers Association, RP-001): chunks,
variable-length quantities, running status, tempo meta events, formats 0 to 2, SMPTE division, and
the RIFF wrapper (`RMID`). It is lenient where players are (`chunks` and `track` say how) and exact where
sound depends on it: channels, controllers and the order of simultaneous events are kept. Other libraries
either build an object per event (mido: 1.0 s for 23,000 events) or drop channels and mid-track program
changes (symusic), hence this reader.

References:
    MIDI Manufacturers Association, "Standard MIDI Files 1.0", RP-001, 1996.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from earmark.foundation.errors import PieceError
from earmark.music.midi.chunks import read_header, tracks_of, unwrapped
from earmark.music.midi.percussion import DRUM_CHANNEL, Exclusive, drum_rows
from earmark.music.midi.track import Track

NOTE_OFF, NOTE_ON, POLY_PRESSURE, CONTROL, PROGRAM, PRESSURE, PITCH_BEND = range(0x80, 0xF0, 0x10)
# Controllers that end all notes of a channel: 120, and 123 with the mode changes 124 to 127.
ALL_SOUND_OFF, ALL_NOTES_OFF = 120, 123
DEFAULT_TEMPO_US = 500_000  # microseconds a quarter note: 120 a minute, the standard's default
_PARTS = ((16, 0xF0), (8, 0xFF), (0, 0xFF))  # shift and mask of kind, data1, data2 in a packed event
SHORTEST_TICK_US = 1.0  # microseconds: a tempo that makes ticks shorter, 0 above all, cannot be meant
LONGEST_PAUSE_S = 3600.0
MOST_EVENTS = 400_000  # of a file by default; an opera has half as many
MOST_BYTES = 64 << 20  # of a file: no music that is written in MIDI is as long
MOST_WARNINGS = 3  # of one file that are told


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
        is_drum: (n,) bool, whether the event is on a channel that plays drums then; where it is not given,
            these are channel 10 of each port.
        warnings: What of the file is not played, in words.
    """

    time_s: np.ndarray
    port_channel: np.ndarray
    kind: np.ndarray
    data1: np.ndarray
    data2: np.ndarray
    track: np.ndarray
    is_drum: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    warnings: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        if len(self.is_drum) != len(self):
            object.__setattr__(self, "is_drum", self.port_channel % 16 == DRUM_CHANNEL)

    def __len__(self) -> int:
        return len(self.time_s)

    def where(self, mask: np.ndarray) -> Events:
        """Return the events for which `mask` (n,) is true."""
        return Events(*(column[mask] for column in self._columns()), warnings=self.warnings)

    def scaled(self, factor: float) -> Events:
        """Return the same events with every time multiplied by `factor`."""
        return replace(self, time_s=self.time_s * factor)

    def _columns(self) -> tuple[np.ndarray, ...]:
        return (
            *(self.time_s, self.port_channel, self.kind, self.data1, self.data2),
            *(self.track, self.is_drum),
        )


def read(path: Path, max_events: int = MOST_EVENTS) -> Events:
    """Read the events of a MIDI file.

    Args:
        path: The file.
        max_events: Channel events that it may hold: notes, controllers, pitch bends.

    Raises:
        PieceError: It cannot be read, is no MIDI file, has no notes, or holds more events.
    """
    return parse(_content(path), max_events)


def parse(data: bytes, max_events: int = MOST_EVENTS) -> Events:
    """Parse the bytes of a MIDI file.

    Raises:
        PieceError: They are no MIDI file, hold no notes, or more events.
    """
    return _parse(data, max_events)[0]


def first_metre(path: Path, max_events: int = MOST_EVENTS) -> str:
    """Read the first time signature of a MIDI file, for example `6/8`; "" where it states none.

    Raises:
        PieceError: As `read` does.
    """
    metres = _parse(_content(path), max_events)[1]
    return min(metres, key=lambda metre: metre[0])[1] if metres else ""


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise PieceError(f"MIDI file of {size >> 20} MB: up to {MOST_BYTES >> 20} MB are read")
        return path.read_bytes()
    except OSError as error:
        raise PieceError(f"cannot be read: {error.strerror}") from error


def _parse(data: bytes, max_events: int) -> tuple[Events, list[tuple[int, str]]]:
    """Return the events and the time signatures (tick, metre) of a MIDI file's bytes."""
    data = unwrapped(data)
    header = read_header(data)
    tracks = list(tracks_of(data, header.file_format == 2, max_events))
    tempos = [tempo for track in tracks for tempo in track.tempos]
    likely = [tempo for tempo in tempos if tempo[1] >= SHORTEST_TICK_US * header.division]
    is_smpte = bool(header.division & 0x8000)
    faults = [f"track {number} {fault}" for number, track in enumerate(tracks, 1) for fault in track.faults]
    warnings = faults.copy()
    if len(tracks) < header.tracks:
        warnings.append(f"holds {len(tracks)} of the {header.tracks} tracks that its header states")
    if len(likely) < len(tempos) and not is_smpte:
        warnings.append("a tempo too fast to be meant is ignored")

    nothing = np.zeros(0, np.int64)
    ticks = np.concatenate([nothing, *(np.array(track.ticks, np.int64) for track in tracks)])
    packed = np.concatenate([nothing, *(np.array(track.events, np.int64) for track in tracks)])
    if not (packed >> 20 & 0xF == NOTE_ON >> 4).any():
        raise PieceError(f"MIDI file has no notes{f': {faults[0]}' if faults else ''}")
    number = np.repeat(np.arange(len(tracks)), [len(track.ticks) for track in tracks])
    order = np.argsort(ticks, kind="stable")
    ticks, packed = ticks[order], packed[order]
    port_channel = ((packed >> 24) * 16 + (packed >> 16 & 0xF)).astype(np.int16)
    kind, data1, data2 = ((packed >> shift & mask).astype(np.uint8) for shift, mask in _PARTS)
    events = Events(
        time_s=_seconds(ticks, likely, header.division),
        port_channel=port_channel,
        kind=kind,
        data1=data1,
        data2=data2,
        track=number[order].astype(np.int16),
        is_drum=drum_rows(port_channel, kind, data1, data2, _exclusives(tracks, ticks, order)),
    )
    events, lost = _without_long_pause(events)
    return replace(events, warnings=_few([*warnings, *lost])), [
        metre for track in tracks for metre in track.metres
    ]


def _without_long_pause(events: Events) -> tuple[Events, list[str]]:
    """Return the events up to a pause that only a damaged number can state, and what is lost, in words."""
    is_on = events.kind == NOTE_ON
    time_s = events.time_s[is_on | (events.kind == NOTE_OFF)]
    time_s = time_s[time_s >= events.time_s[is_on][0]]
    pauses = np.flatnonzero(np.diff(time_s) > LONGEST_PAUSE_S)
    if len(pauses) == 0:
        return events, []
    before_s, after_s = time_s[pauses[0]], time_s[pauses[0] + 1]
    lost = np.unique(events.track[(events.time_s >= after_s) & is_on]) + 1
    events = events.where(events.time_s < after_s)
    if len(lost) == 0:
        return events, []
    hours = round(float(after_s - before_s) / 3600)
    where = f"{'track' if len(lost) == 1 else 'tracks'} {', '.join(map(str, lost[:MOST_WARNINGS]))}"
    pause = f"{hours} {'hour' if hours == 1 else 'hours'}"
    return events, [f"what follows a pause of {pause} in {where} is not played"]


def _exclusives(tracks: Sequence[Track], ticks: np.ndarray, order: np.ndarray) -> list[Exclusive]:
    """Return the messages to instruments of all tracks in the order of time.

    Args:
        tracks: The tracks.
        ticks: (n,), of all events, in the order of time.
        order: (n,), the place of each event in its file, in the order of time.
    """
    place, found = 0, []
    for track in tracks:
        for tick, before, port, content in track.exclusives:
            start, end = np.searchsorted(ticks, tick, side="left"), np.searchsorted(ticks, tick, side="right")
            row = int(start + np.searchsorted(order[start:end], place + before))
            found.append((row, port, content))
        place += len(track.ticks)
    return sorted(found, key=lambda message: message[0])


def _few(warnings: Sequence[str]) -> tuple[str, ...]:
    """Return the first warnings, and how many more there are."""
    more = len(warnings) - MOST_WARNINGS
    return (*warnings[:MOST_WARNINGS], *([f"and {more} more"] if more > 0 else []))


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
