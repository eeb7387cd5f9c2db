"""The notes of a file of music, as the ear hears them."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earmark.features.ear.decode import notes_heard
from earmark.features.ear.hearing import at_ear_rate, hear
from earmark.features.ear.tuning import cents_of, tuning_vector
from earmark.foundation.atomic import write_bytes
from earmark.identify.describe.sound import write_sound
from earmark.music.midi.writing import midi_file
from earmark.music.recordings.passages import Passage, Passages

TICKS_A_QUARTER = 960  # at 120 quarters a minute: a tick is 0.5 ms
CONTEXT_S = 20.0  # before and after a passage: what decides about a note, and how long one may sound on
LOUDEST_VELOCITY = 100  # of an onset that is certain; the ear does not measure loudness


@dataclass(frozen=True)
class Transcription:
    """Notes in the order of onset; arrays are (n,).

    Attributes:
        onset_s: Seconds.
        end_s: Seconds.
        pitch: MIDI number.
        confidence: Probability of the onset, 0 to 1.
        tuning_cents: Cents by which the music lies above A4 = 440 Hz.
        duration_s: Duration of the recording, seconds.
        unheard: What of the file is not heard, in words; "" where all of it is.
    """

    onset_s: np.ndarray
    end_s: np.ndarray
    pitch: np.ndarray
    confidence: np.ndarray
    tuning_cents: float
    duration_s: float
    unheard: str = ""

    def to_midi(self) -> bytes:
        """Return a Standard MIDI File: one piano, 120 quarters a minute, times as they were heard."""
        velocity = np.clip(np.round(self.confidence * LOUDEST_VELOCITY), 1, 127).astype(int)
        return midi_file(self.onset_s, self.end_s, self.pitch, velocity, TICKS_A_QUARTER)

    def to_csv(self) -> str:
        """Return a table: onset_s, end_s, pitch, confidence."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["onset_s", "end_s", "pitch", "confidence"])
        for onset, end, pitch, confidence in zip(
            self.onset_s, self.end_s, self.pitch, self.confidence, strict=True
        ):
            writer.writerow([f"{onset:.3f}", f"{end:.3f}", int(pitch), f"{confidence:.3f}"])
        return text.getvalue()

    def write_midi(self, path: Path) -> None:
        """Write `to_midi` atomically."""
        write_bytes(path, self.to_midi())

    def write_csv(self, path: Path) -> None:
        """Write `to_csv` atomically."""
        write_bytes(path, self.to_csv().encode())


def transcribe(path: str | os.PathLike[str]) -> Transcription:
    """Hear the notes of a file.

    Args:
        path: A recording, or a MIDI file, which is played with its own instruments and tempo.

    Raises:
        PieceError: The file cannot be heard, or holds no samples.
    """
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        wav = Path(folder) / "sound.wav"
        unheard = write_sound(Path(path), wav)
        passages = Passages.of(wav, CONTEXT_S)
        cents = _tuning_cents(passages)
        parts = [_notes(passage, passages.rate_hz, cents) for passage in passages]
    onset_s, end_s, pitch, confidence = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Transcription(
        onset_s=onset_s,
        end_s=end_s,
        pitch=pitch,
        confidence=confidence,
        tuning_cents=cents,
        duration_s=passages.duration_s,
        unheard=unheard,
    )


def _tuning_cents(passages: Passages) -> float:
    vectors = (tuning_vector(at_ear_rate(passage.waveform, passages.rate_hz)) for passage in passages)
    return cents_of(sum(vectors, 0j))


def _notes(passage: Passage, rate_hz: int, cents: float) -> tuple[np.ndarray, ...]:
    """Onset, end, pitch and confidence of the notes that begin in a passage."""
    notes = notes_heard(hear(at_ear_rate(passage.waveform, rate_hz), cents=cents))
    onset_s, end_s = notes.onset_s + passage.first_s, notes.end_s + passage.first_s
    own = (onset_s >= passage.begin_s) & ((onset_s < passage.end_s) | passage.is_last)
    return onset_s[own], end_s[own], notes.pitch[own], notes.confidence[own]
