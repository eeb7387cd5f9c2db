"""A passage: its notes, and which pitches sound at each moment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

STEP_S = 0.05  # of the piano roll
CHORD_S = 0.035  # onsets closer than this are one chord
FEWEST_NOTES = 4  # of fewer notes nothing is said
PITCHES = 128
OCTAVE = 12

# How well each pitch class fits a key, rated by listeners (Krumhansl 1990), the tonic first.
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


def _centred_unit(profiles: np.ndarray) -> np.ndarray:
    """Rows without their mean, of length 1."""
    centred = profiles - profiles.mean(axis=-1, keepdims=True)
    return centred / (np.linalg.norm(centred, axis=-1, keepdims=True) + 1e-9)


KEY_PROFILES = _centred_unit(np.array([MAJOR, MINOR]))
"""The profiles of the major and the minor key (2, 12), the tonic first, without their mean, of length 1."""

_KEYS = _centred_unit(np.array([np.roll(mode, tonic) for mode in (MAJOR, MINOR) for tonic in range(OCTAVE)]))


@dataclass(frozen=True)
class Passage:
    """Notes in the order of onset, then pitch; all (n,) with n of FEWEST_NOTES or more.

    Attributes:
        onset_s: Seconds.
        end_s: Seconds.
        pitch: MIDI number.
    """

    onset_s: np.ndarray
    end_s: np.ndarray
    pitch: np.ndarray

    @classmethod
    def of(cls, onset_s: np.ndarray, end_s: np.ndarray, pitch: np.ndarray) -> Passage:
        """Sort notes."""
        order = np.lexsort((pitch, onset_s))
        return cls(onset_s[order], end_s[order], pitch[order].astype(np.int64))

    @cached_property
    def duration_s(self) -> np.ndarray:
        """Durations of the notes (n,), at least 20 ms."""
        return np.maximum(self.end_s - self.onset_s, 0.02)

    @cached_property
    def length_s(self) -> float:
        """From the first onset to the last end."""
        return max(float(self.end_s.max() - self.onset_s.min()), STEP_S)

    def step_of(self, time_s: np.ndarray) -> np.ndarray:
        """Columns of the roll at these times."""
        steps = np.round((time_s - self.onset_s.min()) / STEP_S).astype(np.int64)
        return np.clip(steps, 0, self.steps - 1)

    @cached_property
    def steps(self) -> int:
        """Columns of the roll."""
        return int(np.ceil(self.length_s / STEP_S)) + 1

    @cached_property
    def roll(self) -> np.ndarray:
        """Whether each pitch sounds: (128, steps) of bool."""
        begin = self.step_of(self.onset_s)
        end = np.maximum(np.round((self.end_s - self.onset_s.min()) / STEP_S).astype(np.int64), begin + 1)
        change = np.zeros((PITCHES, self.steps + 1), np.int64)
        np.add.at(change, (self.pitch, begin), 1)
        np.add.at(change, (self.pitch, np.minimum(end, self.steps)), -1)
        return np.cumsum(change, axis=1)[:, : self.steps] > 0

    @cached_property
    def lowest(self) -> np.ndarray:
        """Lowest pitch that sounds at each step (steps,); 0 in silence."""
        return self.roll.argmax(axis=0)

    @cached_property
    def highest(self) -> np.ndarray:
        """Highest pitch that sounds at each step (steps,); 127 in silence."""
        return PITCHES - 1 - self.roll[::-1].argmax(axis=0)

    @cached_property
    def polyphony(self) -> np.ndarray:
        """Pitches that sound at each step (steps,)."""
        return self.roll.sum(axis=0)

    @cached_property
    def chord(self) -> np.ndarray:
        """Number of the chord that each note belongs to (n,): notes that begin together."""
        return np.cumsum(np.concatenate([[True], np.diff(self.onset_s) > CHORD_S])) - 1

    @cached_property
    def chord_onset_s(self) -> np.ndarray:
        """Onsets of the chords (chords,)."""
        return self.onset_s[np.concatenate([[True], np.diff(self.onset_s) > CHORD_S])]

    @cached_property
    def chord_highest(self) -> np.ndarray:
        """Highest pitch of each chord (chords,)."""
        highest = np.zeros(self.chord[-1] + 1, np.int64)
        np.maximum.at(highest, self.chord, self.pitch)
        return highest

    @cached_property
    def chord_lowest(self) -> np.ndarray:
        """Lowest pitch of each chord (chords,)."""
        lowest = np.full(self.chord[-1] + 1, PITCHES)
        np.minimum.at(lowest, self.chord, self.pitch)
        return lowest

    @cached_property
    def profile(self) -> np.ndarray:
        """Share of each pitch class in the sounding time (12,), C first; a note counts for 2 s at most."""
        weight = np.bincount(self.pitch % OCTAVE, np.minimum(self.duration_s, 2.0), OCTAVE)
        return weight / weight.sum()

    @cached_property
    def key_correlations(self) -> np.ndarray:
        """Correlation of the profile with the profiles of the 24 keys (24,): C major to B minor."""
        return _KEYS @ _centred_unit(self.profile)

    @cached_property
    def tonic(self) -> int:
        """Pitch class of the likeliest tonic, so that statistics do not depend on the key."""
        return int(self.key_correlations.argmax()) % OCTAVE
