"""Arrange MIDI events: all parts on one instrument, or at one pace."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from earmark.foundation.errors import PieceError
from earmark.music.midi.notes import notes_of, onset_rate_hz
from earmark.music.midi.smf import ALL_NOTES_OFF, ALL_SOUND_OFF, CONTROL, NOTE_OFF, NOTE_ON, Events

PIANO = 0  # General MIDI program 1, acoustic grand piano
SUSTAIN = 64  # controller number of the sustain pedal
# A larger factor would come from a damaged file, not from another tempo.
MOST_STRETCH = 8.0
# Seconds of silence before the first note that are kept. What is longer comes from a region of a project that
# was exported in its place, or from a damaged number; it is left out, or nothing else might be heard.
LONGEST_LEAD_S = 30.0


@dataclass(frozen=True)
class Tempo:
    """Pace at which MIDI is played.

    Attributes:
        tempo: `original` keeps the file's tempo; `normalised` scales time to `onset_rate_hz`.
        onset_rate_hz: Onsets a second of a normalised piece.
    """

    tempo: str = "original"
    onset_rate_hz: float = 4.0

    def factor(self, events: Events) -> float:
        """Return the factor by which to multiply times; 1 where the onset rate cannot be measured."""
        if self.tempo == "original":
            return 1.0
        rate = onset_rate_hz(notes_of(events))
        if not math.isfinite(rate) or rate <= 0:
            return 1.0
        return float(np.clip(rate / self.onset_rate_hz, 1 / MOST_STRETCH, MOST_STRETCH))


def played_on_piano(events: Events) -> Events:
    """Put every part on one piano and drop drums.

    Kept are notes, the sustain pedal and the controllers that end all notes. Volume, pan, pitch bend and the
    like tell who encoded a file rather than who composed it.

    Raises:
        PieceError: Nothing but drums plays.
    """
    is_note = (events.kind == NOTE_ON) | (events.kind == NOTE_OFF)
    kept_controls = (SUSTAIN, ALL_SOUND_OFF, *range(ALL_NOTES_OFF, 128))
    is_pedal = (events.kind == CONTROL) & np.isin(events.data1, kept_controls)
    kept = events.where((is_note | is_pedal) & ~events.is_drum)
    if not (kept.kind == NOTE_ON).any():
        raise PieceError("only drums play, and render.instruments=piano drops drums")
    return kept


def without_long_lead(events: Events, max_s: float) -> Events:
    """Let the music begin at once where its first note comes late.

    Args:
        events: What is played.
        max_s: Seconds after which it is cut off; 0 for no limit. Silence that takes half of them is too long.
    """
    first_s = float(events.time_s[events.kind == NOTE_ON].min(initial=np.inf))
    longest_s = min(LONGEST_LEAD_S, max_s / 2) if max_s else LONGEST_LEAD_S
    if not longest_s < first_s < np.inf:
        return events
    return replace(events, time_s=np.maximum(events.time_s - first_s, 0.0))


def arranged(events: Events, tempo: Tempo, instruments: str, max_s: float = 0.0) -> Events:
    """Arrange a piece; its pace is measured before instruments change.

    Args:
        events: The piece as its file states it.
        tempo: Pace wanted.
        instruments: `original`, or `piano` for all parts.
        max_s: Seconds after which it is cut off; 0 for no limit.

    Raises:
        PieceError: `instruments` is `piano` and nothing but drums plays.
    """
    events = events.scaled(tempo.factor(events))
    events = played_on_piano(events) if instruments == "piano" else events
    return without_long_lead(events, max_s)
