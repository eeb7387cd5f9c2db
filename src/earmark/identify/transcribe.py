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
from earmark.foundation.atomic import write_bytes
from earmark.foundation.errors import PieceError
from earmark.identify.describe.numbers import read_sound
from earmark.identify.describe.sound import write_sound
from earmark.music.midi.writing import midi_file

TICKS_A_QUARTER = 960  # at 120 quarters a minute: a tick is 0.5 ms
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
        waveform, rate_hz = read_sound(wav)
    if waveform.shape[1] == 0:
        raise PieceError("has no samples")
    heard = hear(at_ear_rate(waveform, rate_hz))
    notes = notes_heard(heard)
    return Transcription(
        onset_s=notes.onset_s,
        end_s=notes.end_s,
        pitch=notes.pitch,
        confidence=notes.confidence,
        tuning_cents=heard.tuning_cents,
        duration_s=waveform.shape[1] / rate_hz,
        unheard=unheard,
    )
