"""Change how a piece is played without changing what it is: one instrument, one pace."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from earmark.foundation.errors import PieceError
from earmark.music.midi.notes import notes_of, onset_rate_hz
from earmark.music.midi.smf import ALL_NOTES_OFF, ALL_SOUND_OFF, CONTROL, NOTE_OFF, NOTE_ON, Events

PIANO = 0  # General MIDI program 1, acoustic grand piano
SUSTAIN = 64  # controller number of the sustain pedal
# Slowing or hurrying further than this means that the tempo was not what differed.
MOST_STRETCH = 8.0


@dataclass(frozen=True)
class Tempo:
    """`original` keeps the file's tempo; `normalised` scales time to `onset_rate_hz` onsets a second."""

    tempo: str = "original"
    onset_rate_hz: float = 4.0

    def factor(self, events: Events) -> float:
        """By what to multiply times; 1 where there is nothing to measure."""
        if self.tempo == "original":
            return 1.0
        rate = onset_rate_hz(notes_of(events))
        if not math.isfinite(rate) or rate <= 0:
            return 1.0
        return float(np.clip(rate / self.onset_rate_hz, 1 / MOST_STRETCH, MOST_STRETCH))


def played_on_piano(events: Events) -> Events:
    """Every part on one piano: drums dropped, programs fixed, only notes, the sustain pedal and
    what ends all notes are kept.

    Volume, pan, pitch bend and the like tell who encoded a file rather than who composed it.
    Raises PieceError where nothing but drums plays.
    """
    is_note = (events.kind == NOTE_ON) | (events.kind == NOTE_OFF)
    kept_controls = (SUSTAIN, ALL_SOUND_OFF, *range(ALL_NOTES_OFF, 128))
    is_pedal = (events.kind == CONTROL) & np.isin(events.data1, kept_controls)
    kept = events.where((is_note | is_pedal) & ~events.is_drum)
    if not (kept.kind == NOTE_ON).any():
        raise PieceError("only drums play, and render.instruments=piano drops drums")
    return kept


def arranged(events: Events, tempo: Tempo, instruments: str) -> Events:
    """The events as they are to sound; the tempo is measured on the piece as it came."""
    events = events.scaled(tempo.factor(events))
    return played_on_piano(events) if instruments == "piano" else events
