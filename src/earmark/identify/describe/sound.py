"""Any file of music as a WAV that can be compared with others: one rate, one channel, whole."""

from __future__ import annotations

import os
from pathlib import Path

from earmark.foundation.errors import PieceError
from earmark.music.recipe import Recipe
from earmark.music.recordings.audio import measure_sound
from earmark.music.recordings.formats import format_of, known_suffixes
from earmark.music.settings import AudioSettings, ClipSettings, HearingSettings, MidiSettings, RenderSettings
from earmark.music.sources.readable import fault_of
from earmark.music.synthesis.soundfont import DEFAULT

COMPARED = HearingSettings(
    midi=MidiSettings(tempo="original", onset_rate_hz=4.0),
    render=RenderSettings(
        instruments="original",
        soundfont=DEFAULT,
        synth_rate=44_100,
        gain=0.6,  # FluidSynth's scale; loud orchestral chords are not clipped
        reverb=False,
        chorus=False,
        tail_s=1.0,
        max_seconds=0,
    ),
    audio=AudioSettings(sample_rate=22_050, channels=1),
    features={},
    dataset=ClipSettings(),
)


def write_sound(file: Path, wav: Path) -> str:
    """Write a file as WAV: a recording resampled, MIDI played with its own instruments and tempo.

    Args:
        file: MIDI or a recording.
        wav: Where to.

    Returns:
        What of the file is not heard, in words; "" where all of it is.

    Raises:
        PieceError: The file is missing or is no music.
        EarmarkError: No MIDI can be played, because FluidSynth or the soundfont is missing.
    """
    if fault := fault_of(file):
        raise PieceError(fault if os.path.lexists(file) else "does not exist")
    if format_of(file) is None:
        raise PieceError(f"is neither MIDI nor a recording that is known (by its name: {known_suffixes()})")
    recipe = Recipe(COMPARED, [file.parent])
    recipe.wav(file, wav)
    return recipe.unheard(file, measure_sound(wav).duration_s)
