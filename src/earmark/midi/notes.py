"""What the events of a piece say: its notes, how long it lasts, who plays, how fast it moves."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from earmark.midi.smf import NOTE_OFF, NOTE_ON, PROGRAM, Events

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
    sounding: dict[tuple[int, int, int], list[int]] = {}
    program = dict.fromkeys(np.unique(events.port_channel).tolist(), 0)
    onset, end, pitch, velocity, programs, drum = [], [], [], [], [], []
    is_drum = events.is_drum
    columns = (events.time_s, events.port_channel, events.kind, events.data1, events.data2, events.track)
    rows = zip(*(column.tolist() for column in columns), is_drum.tolist(), strict=True)
    for time_s, channel, kind, first, second, track, drums in rows:
        if kind == NOTE_ON:
            sounding.setdefault((track, channel, first), []).append(len(onset))
            onset.append(time_s)
            end.append(None)
            pitch.append(first)
            velocity.append(second)
            programs.append(program[channel])
            drum.append(drums)
        elif kind == NOTE_OFF:
            if waiting := sounding.get((track, channel, first)):
                end[waiting.pop(0)] = time_s
        elif kind == PROGRAM:
            program[channel] = first
    is_note = (events.kind == NOTE_ON) | (events.kind == NOTE_OFF)
    last_s = float(events.time_s[is_note].max(initial=0.0))
    onset_s = np.array(onset, dtype=np.float64)
    end_s = np.array([last_s if value is None else value for value in end], dtype=np.float64)
    return Notes(
        onset_s=onset_s,
        duration_s=end_s - onset_s,
        pitch=np.array(pitch, dtype=np.int16),
        velocity=np.array(velocity, dtype=np.int16),
        program=np.array(programs, dtype=np.int16),
        is_drum=np.array(drum, dtype=bool),
    )


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
