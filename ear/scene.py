"""Scenes: parts given instruments, dynamics, pedal and drums, as events for FluidSynth and as notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ear.parts import Part
from earmark.music.midi.smf import CONTROL, DRUM_CHANNEL, NOTE_OFF, NOTE_ON, PITCH_BEND, PROGRAM, Events

# General MIDI programs (from 0) that sound as pitches: keyboards to bass, strings to synthesizers, folk.
PIANOS = (0, 0, 0, 1, 2, 3, 4, 5, 6)
PITCHED = (*range(47), *range(48, 96), 104, 105, 106, 107, 108, 109, 110, 111)
SUSTAINED = frozenset((*range(16, 24), *range(40, 45), *range(48, 96), 109, 110, 111))
MELODIC_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
VOLUME, PAN, MODULATION, PEDAL, SOUND_OFF, RESET = 7, 10, 1, 64, 120, 121  # controllers
ONE_NOTE_S = 0.03  # equal pitches that begin closer than this are heard as one note
KICK, SNARE, CLOSED_HAT, OPEN_HAT, CRASH = 36, 38, 42, 46, 49
GAP_S = 1.5  # of silence between scenes

Row = tuple[float, int, int, int, int]  # time_s, channel, kind, data1, data2


@dataclass(frozen=True)
class Scene:
    """What is played, and which notes are to be heard.

    Attributes:
        rows: Events (time_s, channel, kind, data1, data2).
        notes: (n, 3) of float: onset and end in seconds, MIDI pitch, in the order of onset.
    """

    rows: list[Row]
    notes: np.ndarray


def scene(parts: Sequence[Part], is_piano: bool, length_s: float, rng: np.random.Generator) -> Scene:
    """Arrange parts for a piano, or for a random General MIDI instrument each with drums now and then."""
    rows: list[Row] = []
    notes: list[np.ndarray] = []
    loudness = rng.uniform(50, 110)  # MIDI velocity
    piano = int(rng.choice(PIANOS))
    pedal = _pedal(length_s, rng) if is_piano and rng.random() < 0.4 else np.empty((0, 2))
    for number, part in enumerate(parts):
        channel = MELODIC_CHANNELS[number % (4 if is_piano else len(MELODIC_CHANNELS))]
        program = piano if is_piano else int(rng.choice(PITCHED))
        rows += _setting(channel, program, is_piano, rng)
        for down_s, up_s in pedal:
            rows += [(down_s, channel, CONTROL, PEDAL, 127), (up_s, channel, CONTROL, PEDAL, 0)]
        part_loudness = np.clip(loudness + rng.normal(0, 12), 30, 124)
        velocity = rng.normal(part_loudness, rng.choice([2, 8, 15]), len(part)).clip(20, 127).astype(int)
        played = _one_key_at_a_time(part)
        end_s = played.onset_s + played.duration_s
        for onset, end, pitch, strength in zip(played.onset_s, end_s, played.pitch, velocity, strict=True):
            rows.append((onset, channel, NOTE_ON, int(pitch), int(strength)))
            rows.append((min(end, length_s), channel, NOTE_OFF, int(pitch), 0))
        notes.append(np.stack([played.onset_s, _held(end_s, pedal), played.pitch], axis=1))
    if not is_piano and rng.random() < 0.45:
        rows += _drums(length_s, rng)
    return Scene(rows, _as_heard(np.concatenate(notes)))


def _setting(channel: int, program: int, is_piano: bool, rng: np.random.Generator) -> list[Row]:
    """Instrument, volume, place, vibrato and tuning of a channel."""
    rows: list[Row] = [(0.0, channel, PROGRAM, program, 0)]
    rows.append((0.0, channel, CONTROL, PAN, int(rng.integers(20, 108))))
    if is_piano:
        return rows
    if rng.random() < 0.3:
        rows.append((0.0, channel, CONTROL, VOLUME, int(rng.integers(60, 127))))
    if program in SUSTAINED and rng.random() < 0.3:
        rows.append((0.0, channel, CONTROL, MODULATION, int(rng.integers(10, 100))))
    if rng.random() < 0.3:
        cents = rng.normal(0, 6)  # players of an ensemble differ by so much
        bend = int(np.clip(8192 + cents / 200 * 8192, 0, 16383))  # the range is two semitones
        rows.append((0.0, channel, PITCH_BEND, bend & 127, bend >> 7))
    return rows


def _one_key_at_a_time(part: Part) -> Part:
    """End each note before the next one of its pitch, as a key must be released to be struck again."""
    order = np.lexsort((part.onset_s, part.pitch))
    onset_s, duration_s, pitch = part.onset_s[order], part.duration_s[order].copy(), part.pitch[order]
    again = np.flatnonzero(pitch[1:] == pitch[:-1])
    until_next_s = np.maximum(onset_s[again + 1] - onset_s[again] - 0.01, 0.005)
    duration_s[again] = np.minimum(duration_s[again], until_next_s)
    return Part(onset_s, duration_s, pitch)


def _pedal(length_s: float, rng: np.random.Generator) -> np.ndarray:
    """Times (n, 2) at which the pedal goes down and up, seconds."""
    changes_s = np.cumsum(rng.uniform(0.5, 2.5, int(length_s / 0.5)))
    changes_s = np.concatenate([[rng.uniform(0, 1)], changes_s[changes_s < length_s - 0.1], [length_s]])
    return np.stack([changes_s[:-1] + 0.05, changes_s[1:]], axis=1)


def _held(end_s: np.ndarray, pedal: np.ndarray) -> np.ndarray:
    """Ends of notes, later where the pedal is down."""
    held_s = end_s.copy()
    for down_s, up_s in pedal:
        held_s[(end_s >= down_s) & (end_s < up_s)] = up_s
    return held_s


def _drums(length_s: float, rng: np.random.Generator) -> list[Row]:
    """A simple rock beat of random pace and loudness, with random strokes between."""
    beat_s, velocity = rng.uniform(0.3, 0.7), int(rng.integers(50, 115))
    rows: list[Row] = []
    for step, time_s in enumerate(np.arange(rng.uniform(0.05, beat_s), length_s - 0.2, beat_s / 2)):
        strokes = [KICK] if step % 4 == 0 else [SNARE] if step % 4 == 2 else []
        if rng.random() < 0.85:
            strokes.append(CLOSED_HAT if rng.random() < 0.8 else OPEN_HAT)
        if rng.random() < 0.12:
            strokes.append(int(rng.choice([CRASH, KICK, SNARE, *range(35, 60)])))
        for key in strokes:
            rows.append((float(time_s), DRUM_CHANNEL, NOTE_ON, key, velocity))
            rows.append((float(time_s) + 0.1, DRUM_CHANNEL, NOTE_OFF, key, 0))
    return rows


def _as_heard(notes: np.ndarray) -> np.ndarray:
    """Notes of all parts as one: unisons become one note, and a note ends where its pitch begins again."""
    heard: list[list[float]] = []
    for onset, end, pitch in notes[np.lexsort((notes[:, 0], notes[:, 2]))]:
        last = heard[-1] if heard and heard[-1][2] == pitch else None
        if last is not None and onset - last[0] < ONE_NOTE_S:
            last[1] = max(last[1], end)
            continue
        if last is not None:
            last[1] = min(last[1], onset)
        heard.append([onset, end, pitch])
    table = np.array(heard).reshape(-1, 3)
    return table[np.argsort(table[:, 0], kind="stable")]


def in_succession(scenes: Sequence[Scene], length_s: float) -> Events:
    """Events of scenes one after the other, each from silence, so that a soundfont is loaded once."""
    rows: list[Row] = []
    for number, one in enumerate(scenes):
        start_s = number * (length_s + GAP_S)
        for channel in range(16):
            before_s = max(start_s - 0.2, 0.0)
            rows += [(before_s, channel, CONTROL, SOUND_OFF, 0), (before_s, channel, CONTROL, RESET, 0)]
            rows += [(before_s, channel, CONTROL, VOLUME, 100), (before_s, channel, PITCH_BEND, 0, 64)]
        rows += [(start_s + time_s, *rest) for time_s, *rest in one.rows]
    rows.sort(key=lambda row: row[0])
    time_s, channel, kind, data1, data2 = zip(*rows, strict=True)
    return Events(
        time_s=np.array(time_s, np.float64),
        port_channel=np.array(channel, np.int16),
        kind=np.array(kind, np.uint8),
        data1=np.array(data1, np.uint8),
        data2=np.array(data2, np.uint8),
        track=np.array(channel, np.int16),
    )
