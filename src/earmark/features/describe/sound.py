"""Any file of music as a WAV that can be compared with others: one rate, one channel, uncut."""

from __future__ import annotations

from pathlib import Path

from earmark.foundation.errors import PieceError
from earmark.music.audio import Format, decode
from earmark.music.sources.origin import AUDIO_SUFFIXES, MIDI_SUFFIXES, media_of

COMPARED = Format(rate_hz=22_050, channels=1)
SYNTH_RATE_HZ = 44_100
GAIN = 0.6  # FluidSynth's scale; the loudest tutti stay unclipped


def write_sound(file: Path, wav: Path) -> None:
    """Write `file` as WAV: a recording resampled, MIDI played with its own instruments and tempo.

    Raises PieceError where the file is missing or is no music, EarmarkError where nothing can be played.
    """
    if not file.is_file():
        raise PieceError("is no file" if file.exists() else "does not exist")
    media = media_of(file.name)
    if media == "audio":
        decode(file, COMPARED, 0, wav)
    elif media == "midi":
        _play(file, wav)
    else:
        known = ", ".join(sorted(suffix[1:] for suffix in MIDI_SUFFIXES | AUDIO_SUFFIXES))
        raise PieceError(f"is neither MIDI nor a recording by its name (known: {known})")


def _play(midi: Path, wav: Path) -> None:
    from earmark.music.midi.arrange import Tempo
    from earmark.music.synthesis.piece import render_piece
    from earmark.music.synthesis.soundfont import DEFAULT, soundfont_path
    from earmark.music.synthesis.synth import Synthesis

    synthesis = Synthesis(soundfont_path(DEFAULT, midi.parent), rate_hz=SYNTH_RATE_HZ, gain=GAIN, max_s=0)
    render_piece(midi, Tempo("original"), "original", synthesis, COMPARED, wav)
