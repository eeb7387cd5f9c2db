"""Parts: melodic lines of a score, cut, transposed and paced at random, and accompaniments made by rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from earmark.music.midi.notes import notes_of
from earmark.music.midi.smf import NOTE_ON, read

LOWEST, HIGHEST = 21, 108  # MIDI numbers of the keys of a piano
MOST_PARTS = 8
FEWEST_NOTES = 8
TRIADS = ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 7, 10), (0, 3, 7, 10), (0, 4, 7, 11))


@dataclass(frozen=True)
class Part:
    """Notes of one line: onset and duration in seconds, MIDI pitch; all (n,)."""

    onset_s: np.ndarray
    duration_s: np.ndarray
    pitch: np.ndarray

    def __len__(self) -> int:
        return len(self.pitch)


@lru_cache(maxsize=256)
def parts_of(file: Path) -> tuple[Part, ...]:
    """The parts of a MIDI file: its notes by track and channel, without drums."""
    events = read(file)
    notes = notes_of(events)
    on = events.kind == NOTE_ON
    key = events.track[on].astype(int) * 64 + events.port_channel[on]
    melodic = ~notes.is_drum
    return tuple(
        Part(notes.onset_s[chosen], notes.duration_s[chosen], notes.pitch[chosen].astype(int))
        for chosen in (melodic & (key == value) for value in np.unique(key[melodic]))
    )


def random_parts(files: Sequence[Path], length_s: float, rng: np.random.Generator) -> list[Part]:
    """Parts of one score or two, from a random place, with at least FEWEST_NOTES notes in all."""
    for _ in range(20):
        parts = _cut(files, length_s, rng)
        if rng.random() < 0.35:
            parts.append(accompaniment(length_s, rng))
        if sum(map(len, parts)) >= FEWEST_NOTES:
            break
    return parts


def _cut(files: Sequence[Path], length_s: float, rng: np.random.Generator) -> list[Part]:
    pace = float(np.exp(rng.uniform(np.log(0.55), np.log(1.8))))  # factor on all times
    parts = list(parts_of(files[rng.integers(len(files))]))
    if rng.random() < 0.25:
        parts += parts_of(files[rng.integers(len(files))])[: rng.integers(1, 4)]
    parts = [parts[i] for i in rng.permutation(len(parts)) if len(parts[i])][:MOST_PARTS]
    end_s = max(((part.onset_s + part.duration_s).max() for part in parts), default=0.0) * pace
    start_s = rng.uniform(0, max(end_s - length_s, 0.1))
    transposition = int(rng.integers(-7, 8))
    cut = []
    for part in parts:
        articulation = rng.choice([0.4, 0.7, 0.95, 1.0, 1.05]) if rng.random() < 0.6 else 0.97
        onset_s = part.onset_s * pace - start_s + rng.normal(0, rng.choice([0, 0.005, 0.015]), len(part))
        duration_s = np.maximum(part.duration_s * pace * articulation, 0.05)
        octave = 12 * int(rng.integers(-1, 2)) if rng.random() < 0.3 else 0
        cut.append(_within(onset_s, duration_s, part.pitch + transposition + octave, length_s))
    return [part for part in cut if len(part)]


def _within(onset_s: np.ndarray, duration_s: np.ndarray, pitch: np.ndarray, length_s: float) -> Part:
    """What begins in the clip and lies on a piano's keys."""
    kept = (onset_s > 0.02) & (onset_s < length_s - 0.05) & (pitch >= LOWEST) & (pitch <= HIGHEST)
    return Part(onset_s[kept], duration_s[kept], pitch[kept])


def accompaniment(length_s: float, rng: np.random.Generator) -> Part:
    """Chords on random steps of a random key: struck together, broken, or as a bass in octaves."""
    beat_s = rng.uniform(0.25, 0.8)
    tonic, lowest = int(rng.integers(12)), int(rng.integers(33, 66))
    manner = rng.choice(["struck", "broken", "bass"])
    rows = []
    for bar in range(int(length_s / (4 * beat_s)) + 1):
        root = tonic + int(rng.choice([0, 2, 4, 5, 7, 9]))
        root = lowest + (root - lowest) % 12
        chord = root + np.array(TRIADS[rng.integers(len(TRIADS))])
        if rng.random() < 0.4:
            chord = np.append(chord, chord[0] + 12)
        begin_s = 4 * beat_s * bar
        if manner == "struck":
            times = np.sort(rng.choice(8, rng.integers(1, 6), replace=False)) * beat_s / 2
            rows += [(begin_s + t, beat_s * rng.uniform(0.3, 1.5), p) for t in times for p in chord]
        elif manner == "broken":
            steps = int(rng.choice([8, 12, 16]))
            order = rng.permutation(chord) if rng.random() < 0.5 else chord
            step_s = 4 * beat_s / steps
            held_s = step_s * rng.choice([0.9, 2.0])
            rows += [(begin_s + k * step_s, held_s, order[k % len(order)]) for k in range(steps)]
        else:
            rows += [(begin_s + k * beat_s, beat_s * 0.9, root - 12 * (k % 2)) for k in range(4)]
    onset_s, duration_s, pitch = np.array(rows, dtype=np.float64).T
    onset_s = onset_s + rng.uniform(0, beat_s) + rng.normal(0, 0.004, len(onset_s))
    return _within(onset_s, duration_s, pitch.astype(int), length_s)
