"""What the events of a piece say: its notes, how long it lasts, who plays, how fast it moves."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from earmark.music.midi.smf import NOTE_OFF, NOTE_ON, PROGRAM, Events

CHORD_S = 0.03  # onsets closer than this are one chord; about the limit of heard simultaneity
RATE_WINDOW = 16  # onsets in a window of the onset rate


@dataclass(frozen=True)
class Notes:
    """Notes in the order of onset. All arrays have shape (n,).

    onset_s, duration_s: seconds. pitch: MIDI number (69 is A4). velocity: 1 to 127.
    program: General MIDI program 0 to 127 in force at the onset. is_drum: percussion channel.
    """

    onset_s: np.ndarray
    duration_s: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    program: np.ndarray
    is_drum: np.ndarray

    def __len__(self) -> int:
        return len(self.onset_s)

    @property
    def end_s(self) -> float:
        """Where the last note ends, in seconds."""
        return float(np.max(self.onset_s + self.duration_s, initial=0.0))

    def until(self, end_s: float) -> Notes:
        """The notes that begin before `end_s`, none sounding longer than that."""
        heard = self.onset_s < end_s
        return Notes(
            onset_s=self.onset_s[heard],
            duration_s=np.minimum(self.duration_s, end_s - self.onset_s)[heard],
            pitch=self.pitch[heard],
            velocity=self.velocity[heard],
            program=self.program[heard],
            is_drum=self.is_drum[heard],
        )

    def fingerprint(self) -> str:
        """A digest of pitches, onsets and durations (10 ms grid): equal for note-for-note duplicates.

        Instruments, velocities, controllers and the silence before the first note do not count.
        """
        onset_s = self.onset_s - self.onset_s.min(initial=np.inf)
        grid = np.stack([_on_grid(onset_s), self.pitch.astype(np.int64), _on_grid(self.duration_s)], axis=1)
        order = np.lexsort(grid.T[::-1])
        return hashlib.sha256(grid[order].tobytes()).hexdigest()


def _on_grid(seconds: np.ndarray) -> np.ndarray:
    # Halves go up, and what floating point leaves just below a half does too: a semiquaver at 120 a
    # minute lasts 12.5 steps, and np.round would take it for 12 in one file and for 13 in the next.
    return np.floor(seconds * 100 + 0.501).astype(np.int64)


def notes_of(events: Events) -> Notes:
    """Pair note-ons with note-offs, first in first out per track, channel and pitch.

    A note that never ends, ends with the last note event of the file.
    """
    is_on = events.kind == NOTE_ON
    rows = np.flatnonzero(is_on)  # of the events; notes are in their order
    last_s = float(events.time_s[is_on | (events.kind == NOTE_OFF)].max(initial=0.0))
    end_s = np.full(len(rows), last_s)
    begun, ended = _paired(events)
    end_s[np.searchsorted(rows, begun)] = events.time_s[ended]
    return Notes(
        onset_s=events.time_s[rows],
        duration_s=end_s - events.time_s[rows],
        pitch=events.data1[rows].astype(np.int16),
        velocity=events.data2[rows].astype(np.int16),
        program=_programs_at(rows, events),
        is_drum=events.is_drum[rows],
    )


def _paired(events: Events) -> tuple[np.ndarray, np.ndarray]:
    """Rows of note-ons and of the note-offs that end them, both (pairs,)."""
    rows = np.flatnonzero((events.kind == NOTE_ON) | (events.kind == NOTE_OFF))
    if len(rows) == 0:
        return rows, rows
    parts = (events.track[rows], events.port_channel[rows], events.data1[rows])
    track, channel, pitch = (part.astype(np.int64) for part in parts)
    key = (track << 32) + (channel << 8) + pitch
    order = np.argsort(key, kind="stable")  # key by key, each in the order of sounding
    rows, key = rows[order], key[order]
    on = events.kind[rows] == NOTE_ON
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    group = np.repeat(np.arange(len(first)), np.diff([*first, len(rows)]))

    def since_first(counted: np.ndarray) -> np.ndarray:
        """Running sum within each key."""
        total = np.cumsum(counted)
        return total - (total[first] - counted[first])[group]

    # A note-off with no note to end makes a new low of ons less offs; such ones are nothing.
    balance = since_first(np.where(on, 1, -1))
    apart = group * (2 * len(rows) + 1)  # so that no key's lows reach into the next one's
    lowest = np.minimum.accumulate(np.minimum(balance, 0) - apart) + apart
    before = np.concatenate([[0], lowest[:-1]])
    before[first] = 0
    off = ~on & (lowest == before)
    # The nth note-off of a key ends its nth note.
    place = group * len(rows)
    begun = rows[on], (place + since_first(on.astype(np.int64)))[on]
    ended = rows[off], (place + since_first(off.astype(np.int64)))[off]
    return begun[0][np.searchsorted(begun[1], ended[1])], ended[0]


def _programs_at(rows: np.ndarray, events: Events) -> np.ndarray:
    """The program in force on each row's channel; 0 where none was chosen yet."""
    programs = np.zeros(len(rows), dtype=np.int16)
    changes = np.flatnonzero(events.kind == PROGRAM)
    for channel in np.unique(events.port_channel[changes]):
        own = changes[events.port_channel[changes] == channel]
        there = np.flatnonzero(events.port_channel[rows] == channel)
        last = np.searchsorted(own, rows[there]) - 1
        programs[there[last >= 0]] = events.data1[own[last[last >= 0]]]
    return programs


def onset_rate_hz(notes: Notes) -> float:
    """Median onset rate: distinct onsets a second, the median over windows of 16 onsets.

    Scaling time by a factor divides it by that factor, which an average over seconds would not
    do where a piece has rests. NaN for fewer than two distinct onsets.
    """
    onsets = np.sort(notes.onset_s[~notes.is_drum])
    if len(onsets) == 0:
        onsets = np.sort(notes.onset_s)
    distinct = onsets[np.concatenate([[True], np.diff(onsets) > CHORD_S])] if len(onsets) else onsets
    if len(distinct) < 2:
        return float("nan")
    window = min(RATE_WINDOW, len(distinct) - 1)
    return float(np.median(window / (distinct[window:] - distinct[:-window])))
