"""Standard MIDI Files of one instrument at one tempo, written by mido."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np

MICROSECONDS_A_MINUTE = 60_000_000


def midi_file(
    onset_s: np.ndarray,
    end_s: np.ndarray,
    pitch: np.ndarray,
    velocity: np.ndarray,
    ticks_a_quarter: int,
    quarters_a_minute: float = 120.0,
    program: int = 0,
    controls: Mapping[int, int] | None = None,
) -> bytes:
    """Write notes, rounded to ticks, on the first channel.

    At one tick a note ends before another of its pitch begins, and lower pitches come first.

    Args:
        onset_s: Seconds (n,).
        end_s: Seconds (n,); a note lasts a tick at least.
        pitch: MIDI numbers (n,).
        velocity: 1 to 127 (n,).
        ticks_a_quarter: The file's resolution.
        quarters_a_minute: Its tempo; the metre is 4/4.
        program: General MIDI program, from 0.
        controls: Values of controllers by their number, set before the first note.

    Returns:
        The file's bytes: format 1, a track of tempo and metre, and one of notes.
    """
    from mido import Message, MetaMessage, MidiFile, MidiTrack

    tick_s = 60.0 / (quarters_a_minute * ticks_a_quarter)
    start = np.round(np.asarray(onset_s, np.float64) / tick_s).astype(np.int64)
    end = np.maximum(np.round(np.asarray(end_s, np.float64) / tick_s).astype(np.int64), start + 1)
    events = [
        *((tick, key, loudness) for tick, key, loudness in zip(start, pitch, velocity, strict=True)),
        *((tick, key, 0) for tick, key in zip(end, pitch, strict=True)),  # velocity 0 ends a note
    ]
    tempo = MetaMessage("set_tempo", tempo=int(MICROSECONDS_A_MINUTE / quarters_a_minute))
    conductor = MidiTrack([tempo, MetaMessage("time_signature", numerator=4, denominator=4)])
    track = MidiTrack([Message("program_change", program=program)])
    for number, value in sorted((controls or {}).items()):
        track.append(Message("control_change", control=number, value=value))
    before = 0
    for tick, key, loudness in sorted(tuple(map(int, event)) for event in events):
        track.append(Message("note_on", note=key, velocity=loudness, time=tick - before))
        before = tick
    for each in (conductor, track):
        each.append(MetaMessage("end_of_track", time=1))
    file = io.BytesIO()
    MidiFile(ticks_per_beat=ticks_a_quarter, tracks=[conductor, track]).save(file=file)
    return file.getvalue()
