"""Settings of how music is heard: the sections midi, render, audio, features and dataset of a config.

`conf/` says what each value means, with its unit and where it comes from. A bundle keeps these sections
whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

SILENCE_DB = -70.0  # dB of full scale: of bundles that do not say


@dataclass
class MidiSettings:
    """How fast MIDI is played. tempo: `original` or `normalised` to onset_rate_hz, onsets a second."""

    tempo: str
    onset_rate_hz: float


@dataclass
class RenderSettings:
    """How MIDI is played. synth_rate: Hz at which FluidSynth plays. gain: FluidSynth's, 0 to 10.
    tail_s: seconds after the last note. max_seconds: where a piece is cut off; 0 for nowhere."""

    instruments: str
    soundfont: str
    synth_rate: int
    gain: float
    reverb: bool
    chorus: bool
    tail_s: float
    max_seconds: float


@dataclass
class AudioSettings:
    """The pipeline's WAV files. sample_rate: Hz. channels: 1 or 2."""

    sample_rate: int
    channels: int


@dataclass
class ClipSettings:
    """Excerpts that a model sees (lengths in seconds), and how training clips are changed: by default not at
    all."""

    clip_s: float = 10.0
    training_hop_s: float = 0.0
    evaluation_hop_s: float = 10.0
    evaluation_max_clips: int = 18
    validation_max_clips: int = 0
    max_gain_db: float = 0.0
    max_band_shift: int = 0
    max_masked_bands: int = 0
    max_transposition: int = 0


@dataclass
class HearingSettings:
    """The sections that say how a piece is heard. features: the front end, as `_target_` and settings.

    silence_db: dB of full scale below which a file counts as silent (validate.min_rms_db).
    soundfont_sha256: of the soundfont that a bundle learned with; "" where any will do.
    """

    midi: MidiSettings
    render: RenderSettings
    audio: AudioSettings
    features: dict[str, Any]
    dataset: ClipSettings
    silence_db: float = SILENCE_DB
    soundfont_sha256: str = ""

    @classmethod
    def of_sections(cls, sections: Mapping[str, Mapping[str, Any]]) -> HearingSettings:
        """From the sections that a bundle keeps. Raises TypeError or KeyError where they are not whole."""
        render = dict(sections["render"])
        digest = str(render.pop("soundfont_sha256", ""))
        return cls(
            midi=MidiSettings(**sections["midi"]),
            render=RenderSettings(**render),
            audio=AudioSettings(**sections["audio"]),
            features=dict(sections["features"]),
            dataset=ClipSettings(**sections["dataset"]),
            silence_db=float(sections.get("validate", {}).get("min_rms_db", SILENCE_DB)),
            soundfont_sha256=digest,
        )

    def sections(self) -> dict[str, dict[str, Any]]:
        """What `of_sections` reads."""
        return {
            "midi": asdict(self.midi),
            "render": {**asdict(self.render), "soundfont_sha256": self.soundfont_sha256},
            "audio": asdict(self.audio),
            "features": dict(self.features),
            "dataset": asdict(self.dataset),
            "validate": {"min_rms_db": self.silence_db},
        }
