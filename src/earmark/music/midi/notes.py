"""Notes of a piece, paired from its events: onsets, durations, programs, onset rate, fingerprint."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from earmark.music.midi.pairs import note_pairs
from earmark.music.midi.smf import NOTE_OFF, NOTE_ON, PROGRAM, Events

CHORD_S = 0.03  # onsets closer than this are one chord: ears take them for simultaneous
RATE_WINDOW = 16  # onsets in a window of the onset rate


@dataclass(frozen=True)
class Notes:
    """Notes in the order of onset. All arrays have shape (n,).

    Attributes:
        onset_s: Seconds from the beginning of the file.
        duration_s: Seconds.
        pitch: MIDI number (69 is A4).
        velocity: 1 to 127.
        program: General MIDI program in force at the onset, 0 to 127.
        is_drum: Whether the note is on the percussion channel.
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
        """Time at which the last note ends, in seconds."""
        return float(np.max(self.onset_s + self.duration_s, initial=0.0))

    def until(self, end_s: float) -> Notes:
        """Return the notes that begin before `end_s` (seconds), cut off there."""
        kept = self.onset_s < end_s
        return Notes(
            onset_s=self.onset_s[kept],
            duration_s=np.minimum(self.duration_s, end_s - self.onset_s)[kept],
            pitch=self.pitch[kept],
            velocity=self.velocity[kept],
            program=self.program[kept],
            is_drum=self.is_drum[kept],
        )

    def fingerprint(self) -> str:
        """Return a digest of pitches, onsets and durations (10 ms grid), equal for note-for-note duplicates.

        Instruments, velocities, controllers and the silence before the first note do not count.
        """
        onset_s = self.onset_s - self.onset_s.min(initial=np.inf)
        grid = np.stack([_on_grid(onset_s), self.pitch.astype(np.int64), _on_grid(self.duration_s)], axis=1)
        order = np.lexsort(grid.T[::-1])
        return hashlib.sha256(grid[order].tobytes()).hexdigest()


def _on_grid(seconds: np.ndarray) -> np.ndarray:
    """Return seconds as steps of 10 ms, halves rounded up."""
    # Values that floating point leaves just below a half are rounded up too: a semiquaver at 120 a minute
    # lasts 12.5 steps, which np.round makes 12 in one file and 13 in another.
    return np.floor(seconds * 100 + 0.501).astype(np.int64)


def notes_of(events: Events) -> Notes:
    """Return the notes of a piece: `note_pairs` says what ends them.

    A note that nothing ends lasts to the last note event of the file.
    """
    is_on = events.kind == NOTE_ON
    rows = np.flatnonzero(is_on)  # of the events; notes are in their order
    last_s = float(events.time_s[is_on | (events.kind == NOTE_OFF)].max(initial=0.0))
    end_s = np.full(len(rows), last_s)
    begun, ended = note_pairs(events)
    end_s[np.searchsorted(rows, begun)] = events.time_s[ended]
    return Notes(
        onset_s=events.time_s[rows],
        duration_s=end_s - events.time_s[rows],
        pitch=events.data1[rows].astype(np.int16),
        velocity=events.data2[rows].astype(np.int16),
        program=_programs_at(rows, events),
        is_drum=events.is_drum[rows],
    )


def _programs_at(rows: np.ndarray, events: Events) -> np.ndarray:
    """Return the program in force on each row's channel; 0 where none was chosen yet."""
    programs = np.zeros(len(rows), dtype=np.int16)
    changes = np.flatnonzero(events.kind == PROGRAM)
    for channel in np.unique(events.port_channel[changes]):
        of_channel = changes[events.port_channel[changes] == channel]
        notes = np.flatnonzero(events.port_channel[rows] == channel)
        last = np.searchsorted(of_channel, rows[notes]) - 1
        programs[notes[last >= 0]] = events.data1[of_channel[last[last >= 0]]]
    return programs


def onset_rate_hz(notes: Notes) -> float:
    """Measure distinct onsets a second: the median over windows of 16 onsets.

    Scaling time by a factor divides the result by that factor, which is not so for an average over seconds
    where a piece has rests. Drums count only where nothing else plays.

    Returns:
        Hz; NaN for fewer than two distinct onsets.
    """
    onsets = np.sort(notes.onset_s[~notes.is_drum])
    if len(onsets) == 0:
        onsets = np.sort(notes.onset_s)
    distinct = onsets[np.concatenate([[True], np.diff(onsets) > CHORD_S])] if len(onsets) else onsets
    if len(distinct) < 2:
        return float("nan")
    window = min(RATE_WINDOW, len(distinct) - 1)
    return float(np.median(window / (distinct[window:] - distinct[:-window])))
