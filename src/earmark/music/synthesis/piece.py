"""One MIDI piece to one WAV file: events, arranged, played by FluidSynth, resampled, streamed to disk."""

from __future__ import annotations

from pathlib import Path

from earmark.music.audio import Format, resampled, write_wav
from earmark.music.midi.arrange import Tempo, arranged
from earmark.music.midi.smf import read
from earmark.music.synthesis.synth import Synthesis, synthesize


def render_piece(
    midi: Path, tempo: Tempo, instruments: str, synthesis: Synthesis, target: Format, destination: Path
) -> None:
    """Write `midi` as 16-bit WAV in the format `target`; equal arguments give equal bytes.

    Raises PieceError where the piece cannot be played, EarmarkError where nothing can.
    """
    events = arranged(read(midi), tempo, instruments)
    blocks = synthesize(events, synthesis)
    write_wav(resampled(blocks, synthesis.rate_hz, target), target, destination)
