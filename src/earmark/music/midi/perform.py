"""Simulated players: performances of the same notes that differ as those of two pianists do.

A player changes timing (phrasing, slow drift, an error at every onset), touch, loudness, accents, the
instrument and the room. The pitches and their order stay.

Each model is in its simplest form: phrases slow down at both ends (Todd); deviations from the beat are an
Ornstein-Uhlenbeck walk plus white noise (Hennig et al.); metrically strong notes are louder (Sloboda).

References:
    N. P. M. Todd, "The dynamics of dynamics: a model of musical expression", JASA 91, 1992.
    H. Hennig et al., "The nature and perception of fluctuations in human musical rhythms", PLoS ONE 6, 2011.
    J. A. Sloboda, "The communication of musical metre in piano performance", Q. J. Exp. Psychol. 35A, 1983.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from earmark.foundation.errors import PieceError
from earmark.music.midi.notes import Notes
from earmark.music.midi.writing import midi_file

PHRASE_BARS = 4  # bars of a phrase in most tunes and chorales
DRIFT_S = 2.0  # seconds in which a player's drift is forgotten to 1/e
SHORTEST_S = 0.03  # seconds: no key goes down and up faster
LEAD_S = 0.1  # seconds before the first note, so that no early onset is negative
TICKS_A_QUARTER = 960  # at 120 quarters a minute 0.52 ms a tick: finer than any deviation here
PAN, REVERB, CHORUS = 10, 91, 93  # General MIDI controllers


@dataclass(frozen=True)
class Player:
    """Habits, instrument and room of one player.

    Attributes:
        drift_ms: Standard deviation of the slow timing deviation, milliseconds.
        jitter_ms: Standard deviation of the white timing deviation, milliseconds.
        tempo: Factor on the score's tempo; above 1 is faster.
        rubato: Share by which the tempo changes within a phrase, 0 to below 1.
        articulation: Sounding share of a note's length, above 0 to 1 (legato).
        velocity: Mean MIDI velocity, 1 to 127.
        velocity_spread: Standard deviation of MIDI velocity.
        accent: MIDI velocity added on a downbeat.
        program: General MIDI program, 0 to 127.
        pan: MIDI controller, 0 to 127; 64 is the middle.
        reverb: MIDI controller, 0 to 127.
        chorus: MIDI controller, 0 to 127.
    """

    drift_ms: float
    jitter_ms: float
    tempo: float
    rubato: float
    articulation: float
    velocity: float
    velocity_spread: float
    accent: float
    program: int
    pan: int
    reverb: int
    chorus: int

    def __post_init__(self) -> None:
        if min(self.drift_ms, self.jitter_ms, self.velocity_spread) < 0 or self.tempo <= 0:
            raise ValueError(
                "drift_ms, jitter_ms, velocity_spread must not be negative, tempo must be positive"
            )
        if not (0 <= self.rubato < 1 and 0 < self.articulation <= 1):
            raise ValueError("rubato must lie in [0, 1), and articulation must lie in (0, 1]")
        if not all(0 <= value <= 127 for value in (self.program, self.pan, self.reverb, self.chorus)):
            raise ValueError("program, pan, reverb and chorus must lie in 0 to 127")


# All three play pianos, at tempi that overlap: neither instrument family nor pace alone separates them.
PLAYERS = {
    "anna": Player(
        drift_ms=18.0,
        jitter_ms=7.0,
        tempo=0.97,
        rubato=0.10,
        articulation=0.95,
        velocity=72.0,
        velocity_spread=7.0,
        accent=8.0,
        program=0,  # acoustic grand piano
        pan=58,
        reverb=70,
        chorus=0,
    ),
    "bert": Player(
        drift_ms=8.0,
        jitter_ms=13.0,
        tempo=1.03,
        rubato=0.03,
        articulation=0.72,
        velocity=84.0,
        velocity_spread=5.0,
        accent=16.0,
        program=1,  # bright acoustic piano
        pan=70,
        reverb=30,
        chorus=12,
    ),
    "clara": Player(
        drift_ms=12.0,
        jitter_ms=10.0,
        tempo=1.0,
        rubato=0.06,
        articulation=0.85,
        velocity=78.0,
        velocity_spread=9.0,
        accent=12.0,
        program=2,  # electric grand piano
        pan=64,
        reverb=50,
        chorus=0,
    ),
}


@dataclass(frozen=True)
class Metre:
    """Beats of a score in order of time. Arrays have shape (b,).

    Attributes:
        beat_s: Seconds.
        weight: 1 for a downbeat, less for weaker beats.
    """

    beat_s: np.ndarray
    weight: np.ndarray

    def weight_at(self, onset_s: np.ndarray) -> np.ndarray:
        """Return the metrical weight of onsets (seconds), 0 off the beat; same shape."""
        if len(self.beat_s) == 0:
            return np.zeros(len(onset_s))
        near = np.searchsorted((self.beat_s[1:] + self.beat_s[:-1]) / 2, onset_s)
        on_beat = np.abs(onset_s - self.beat_s[near]) < 0.01  # the ticks of a file are finer than that
        return np.where(on_beat, self.weight[near], 0.0)

    @property
    def bar_s(self) -> float:
        """Median length of a bar in seconds; NaN for fewer than two bars."""
        downbeats = self.beat_s[self.weight >= 1]
        return float(np.median(np.diff(downbeats))) if len(downbeats) > 1 else float("nan")

    @property
    def first_downbeat_s(self) -> float:
        """Time of the first downbeat in seconds; 0 where there is none."""
        downbeats = self.beat_s[self.weight >= 1]
        return float(downbeats[0]) if len(downbeats) else 0.0


def perform(notes: Notes, metre: Metre, player: Player, seed: str) -> Notes:
    """Perform notes as a player does; equal arguments give equal notes.

    Drums are left out: a pianist has none. A key that two parts strike together is struck once, and each
    note ends before its key is struck again.

    Args:
        notes: The score.
        metre: Its beats.
        player: Who plays.
        seed: Name of the performance, for example tune and player: seeds the random deviations.

    Returns:
        The notes played, in order of onset and pitch.

    Raises:
        PieceError: Nothing but drums plays.
    """
    score = _keys_struck(notes)
    if len(score) == 0:
        raise PieceError("only drums play, and a pianist has none")
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big"))
    # One draw an onset for the drift, which all fingers share; one a note for the jitter.
    chords, chord = np.unique(np.round(score.onset_s, 4), return_inverse=True)
    drift_s = _walk(chords, random) * player.drift_ms / 1000
    jitter_s = np.clip(random.standard_normal(len(score)), -3, 3) * player.jitter_ms / 1000
    touch = random.standard_normal(len(score))

    onset_s = _bent(score.onset_s, metre, player) + drift_s[chord] + jitter_s
    end_s = _bent(score.onset_s + score.duration_s, metre, player) + drift_s[chord]
    onset_s, end_s = onset_s - onset_s.min() + LEAD_S, end_s - onset_s.min() + LEAD_S
    duration_s = np.maximum((end_s - onset_s) * player.articulation, SHORTEST_S)

    # The score's own dynamics are kept as deviations from its usual loudness.
    dynamics = score.velocity - np.median(score.velocity)
    accent = player.accent * metre.weight_at(score.onset_s)
    velocity = player.velocity + dynamics + accent + touch * player.velocity_spread
    played = Notes(
        onset_s=onset_s,
        duration_s=duration_s,
        pitch=score.pitch,
        velocity=np.clip(np.round(velocity), 1, 127).astype(np.int16),
        program=np.full(len(score), player.program, dtype=np.int16),
        is_drum=score.is_drum,
    )
    return _in_order(_let_go(played))


def to_midi(notes: Notes, player: Player) -> bytes:
    """Write a performance as a Standard MIDI File.

    Args:
        notes: What was played.
        player: Whose program, pan, reverb and chorus the file states.

    Returns:
        The file's bytes: one instrument.
    """
    return midi_file(
        notes.onset_s,
        notes.onset_s + notes.duration_s,
        notes.pitch,
        notes.velocity,
        TICKS_A_QUARTER,
        program=player.program,
        controls={PAN: player.pan, REVERB: player.reverb, CHORUS: player.chorus},
    )


def _keys_struck(notes: Notes) -> Notes:
    """Return the notes without drums, of unisons the longest one, in order of onset and pitch."""
    order = np.lexsort((-notes.duration_s, notes.pitch, np.round(notes.onset_s, 4)))
    order = order[~notes.is_drum[order]]
    pitch, onset = notes.pitch[order], np.round(notes.onset_s[order], 4)
    again = np.zeros(len(order), dtype=bool)
    again[1:] = (pitch[1:] == pitch[:-1]) & (onset[1:] == onset[:-1])
    return _taken(notes, order[~again])


def _let_go(notes: Notes) -> Notes:
    """End each note before its key is struck again."""
    duration_s = notes.duration_s.copy()
    for pitch in np.unique(notes.pitch):
        (same,) = np.nonzero(notes.pitch == pitch)
        same = same[np.argsort(notes.onset_s[same], kind="stable")]
        gap_s = np.diff(notes.onset_s[same])
        duration_s[same[:-1]] = np.minimum(duration_s[same[:-1]], 0.95 * gap_s)
    return Notes(notes.onset_s, duration_s, notes.pitch, notes.velocity, notes.program, notes.is_drum)


def _in_order(notes: Notes) -> Notes:
    return _taken(notes, np.lexsort((notes.pitch, notes.onset_s)))


def _taken(notes: Notes, index: np.ndarray) -> Notes:
    columns = (notes.onset_s, notes.duration_s, notes.pitch, notes.velocity, notes.program, notes.is_drum)
    return Notes(*(column[index] for column in columns))


def _bent(time_s: np.ndarray, metre: Metre, player: Player) -> np.ndarray:
    """Map score time to the player's: slower at both ends of each phrase, at the player's tempo on average.

    This is the pace dt'/dt = (1 + rubato cos φ) / tempo, φ from 0 to 2π over a phrase, integrated.
    """
    phrase_s = PHRASE_BARS * metre.bar_s
    bend_s = 0.0
    if phrase_s > 0:  # not where it is NaN
        phase = 2 * np.pi * (time_s - metre.first_downbeat_s) / phrase_s
        bend_s = player.rubato * phrase_s / (2 * np.pi) * np.sin(phase)
    return (time_s + bend_s) / player.tempo


def _walk(time_s: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw an Ornstein-Uhlenbeck process of unit variance at ascending times, exact at any spacing."""
    steps = random.standard_normal(len(time_s))
    walk = np.empty(len(time_s))
    kept = np.exp(-np.diff(time_s, prepend=-np.inf) / DRIFT_S)  # 0 for the first
    value = 0.0
    for index, (share, step) in enumerate(zip(kept.tolist(), steps.tolist(), strict=True)):
        value = share * value + (1 - share**2) ** 0.5 * step
        walk[index] = value
    return walk
