"""Notes as features: how likely each of the 88 pitches of a piano begins and sounds, heard by the ear.

Whatever plays, the features are the same music's: an instrument, a room or a codec changes them little,
and a transposition is a shift of rows. Of MIDI, rows for the families of instruments may lie above those of
the pitches: a catalogue of files says which instruments a piece was written for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.features.ear.hearing import at_ear_rate, hear
from earmark.features.ear.spectrum import FRAME_RATE_HZ, LOWEST_PITCH, PITCHES
from earmark.foundation.errors import PieceError

LOWEST_RATE_HZ = 8_000  # below, too few partials are left
SOURCES = ("sound", "file")
FAMILIES = 16  # of General MIDI, eight programs each: pianos, chromatic percussion, organs, …
MOST_JITTER_MS = 50


@dataclass(frozen=True)
class HeardNotes:
    """Notes heard in the mean of the channels.

    Attributes:
        uses_torch: Whether the transform runs in torch.
        in_decibels: False: values are probabilities.
        channel_names: What the channels are, for messages.
        notes_of: Where the notes of a MIDI file are from: `sound`, as those of a recording, or `file`.
        correct_tuning: Whether the bands follow the music's tuning.
        onset_jitter_ms: Standard deviation by which onsets from a file are moved, milliseconds.
        pooled_frames: The ear's frames (43 a second) of which the highest probability is kept.
        instruments: Whether FAMILIES rows follow those of the pitches: which families begin and sound. They
            are read from MIDI alone, and recordings are refused.
    """

    uses_torch = False
    in_decibels = False
    channel_names = ("notes that begin", "notes that sound")

    notes_of: str = "sound"
    correct_tuning: bool = True
    onset_jitter_ms: float = 8.0
    pooled_frames: int = 1
    instruments: bool = False

    @property
    def bands_per_semitone(self) -> int:
        """1, or 0 with instruments: a transposition does not move these."""
        return 0 if self.instruments else 1

    def check(self, sample_rate_hz: int) -> None:
        """Check that the settings can work.

        Args:
            sample_rate_hz: Sampling rate of the audio, Hz.

        Raises:
            ValueError: Where a setting cannot work at this rate; the message names it.
        """
        if sample_rate_hz < LOWEST_RATE_HZ:
            raise ValueError(f"features=notes needs audio.sample_rate={LOWEST_RATE_HZ} or more")
        if self.notes_of not in SOURCES:
            raise ValueError(f"features.notes_of={self.notes_of} is none of {', '.join(SOURCES)}")
        if not 0 <= self.onset_jitter_ms <= MOST_JITTER_MS:
            raise ValueError(
                f"features.onset_jitter_ms={self.onset_jitter_ms:g} must lie within 0 and {MOST_JITTER_MS}"
            )
        if not 1 <= self.pooled_frames <= 8:
            raise ValueError(f"features.pooled_frames={self.pooled_frames} must lie within 1 and 8")
        if self.instruments and self.notes_of != "file":
            raise ValueError("features.instruments=true reads MIDI: it needs features.notes_of=file")

    def bands(self) -> int:
        """Rows of the result: pitches from A0, then families of instruments where these are asked for."""
        return PITCHES + FAMILIES * self.instruments

    def channels(self, audio_channels: int) -> int:
        """Channels of the result: 2, onsets and sounding notes."""
        return 2

    def frame_rate_hz(self, sample_rate_hz: int) -> float:
        """Columns of the result per second."""
        return FRAME_RATE_HZ / self.pooled_frames

    def __call__(self, waveform: np.ndarray, sample_rate_hz: int) -> np.ndarray:
        """Hear a waveform.

        Args:
            waveform: (channels, samples) of float32, full scale 1.
            sample_rate_hz: Sampling rate, Hz.

        Returns:
            (2, 88, frames) of float32, from 0 to 1: that a note begins, that it sounds.

        Raises:
            PieceError: Where there are no samples, or instruments are asked for.
        """
        if self.instruments:
            raise PieceError("is a recording, and this model reads from MIDI which instruments play")
        if waveform.shape[1] == 0:
            raise PieceError("has no samples")
        heard = hear(at_ear_rate(waveform, sample_rate_hz), self.correct_tuning)
        return self._pooled(np.stack([heard.onset, heard.sounding]))

    def of_notes(
        self, onset_s: np.ndarray, end_s: np.ndarray, pitch: np.ndarray, program: np.ndarray
    ) -> np.ndarray:
        """Make of known notes what their sound would give, if all of them were heard.

        Onsets are moved at random by as little as players and the ear move them, always alike: the exact
        grid of a score would be a mark of files, not of music.

        Args:
            onset_s: Seconds (n,).
            end_s: Seconds (n,).
            pitch: MIDI numbers (n,).
            program: General MIDI programs, 0 to 127 (n,).

        Returns:
            (2, bands, frames) of float32, from 0 to 1. `ear.decode` gives the moved onsets back.
        """
        jitter = np.random.default_rng(len(pitch)).normal(0, self.onset_jitter_ms / 1000, len(pitch))
        begin = np.maximum(onset_s + jitter, 0) * FRAME_RATE_HZ  # in frames
        end = np.maximum(np.round(end_s * FRAME_RATE_HZ).astype(np.int64), begin.astype(np.int64) + 1)
        both = np.zeros((2, self.bands(), int(end.max(initial=0)) + 2), np.float32)
        frame, row = np.round(begin).astype(np.int64), pitch - LOWEST_PITCH
        inside = (row >= 0) & (row < PITCHES)
        late = begin - frame
        # The parabola through these three values has its peak at the onset.
        for step, height in ((-1, 0.5 - late), (0, np.ones(len(frame))), (1, 0.5 + late)):
            at = frame + step
            shown = inside & (at >= 0)
            np.maximum.at(both[0], (row[shown], at[shown]), height[shown].astype(np.float32))
        for note in np.flatnonzero(inside):
            both[1, row[note], frame[note] : end[note]] = 1.0
            if self.instruments:
                family = PITCHES + program[note] // (128 // FAMILIES)
                both[0, family, frame[note]] = both[1, family, frame[note] : end[note]] = 1.0
        return self._pooled(both)

    def _pooled(self, both: np.ndarray) -> np.ndarray:
        """The highest of every `pooled_frames` columns of (2, bands, frames)."""
        missing = -both.shape[2] % self.pooled_frames
        both = np.pad(both, ((0, 0), (0, 0), (0, missing)))
        return both.reshape(2, self.bands(), -1, self.pooled_frames).max(axis=-1)
