"""Render one MIDI piece to one WAV file: arranged, played by FluidSynth, resampled, streamed to disk."""

from __future__ import annotations

from pathlib import Path

from earmark.music.midi.arrange import Tempo, arranged
from earmark.music.midi.smf import MOST_EVENTS, read
from earmark.music.recordings.audio import Format, resampled, write_wav
from earmark.music.synthesis.synth import Synthesis, synthesize


def render_piece(
    midi: Path,
    tempo: Tempo,
    instruments: str,
    synthesis: Synthesis,
    target: Format,
    destination: Path,
    max_events: int = MOST_EVENTS,
) -> None:
    """Play a MIDI file to a 16-bit WAV; equal arguments give equal bytes.

    Args:
        midi: The piece.
        tempo: Pace at which to play it.
        instruments: `original`, or `piano` for all parts.
        synthesis: How FluidSynth plays.
        target: Format of the WAV.
        destination: Where to write it.
        max_events: Events that the file may hold.

    Raises:
        PieceError: This piece cannot be played.
        EarmarkError: FluidSynth or the soundfont cannot be used.
    """
    events = arranged(read(midi, max_events), tempo, instruments, synthesis.max_s)
    blocks = synthesize(events, synthesis)
    write_wav(resampled(blocks, synthesis.rate_hz, target), target, destination)
