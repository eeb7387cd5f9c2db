"""Settings of how music becomes features: the sections midi, render, audio, features, dataset of a config.

`conf/` says what each value means, with its unit and where it comes from. A bundle keeps these sections
whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from earmark.music.midi.smf import MOST_EVENTS

SILENCE_DB = -70.0  # dB of full scale: of bundles that do not say


@dataclass
class MidiSettings:
    """How fast MIDI is played.

    Attributes:
        tempo: `original`, or `normalised` to `onset_rate_hz`.
        onset_rate_hz: Onsets a second of a normalised piece.
        max_events: Notes, controllers and the like that a file may hold; files with more are refused.
    """

    tempo: str
    onset_rate_hz: float
    max_events: int = MOST_EVENTS


@dataclass
class RenderSettings:
    """How MIDI is played, and where any piece is cut off.

    Attributes:
        instruments: `original`, or `piano` for all parts.
        soundfont: Its path, or the name of the default one.
        synth_rate: Sampling rate at which FluidSynth plays, Hz.
        gain: FluidSynth's gain, 0 to 10.
        reverb: Whether FluidSynth's reverb plays.
        chorus: Whether FluidSynth's chorus plays.
        tail_s: Seconds recorded after the last note.
        max_seconds: Seconds after which a piece, MIDI or recording, is cut off; 0 for no limit. MIDI whose
            first note comes after 30 s, or after half of them, begins with it.
    """

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
    """Format of the pipeline's WAV files.

    Attributes:
        sample_rate: Hz.
        channels: 1 or 2.
    """

    sample_rate: int
    channels: int


@dataclass
class ClipSettings:
    """Excerpts that a model sees, and the augmentation of training clips (by default none).

    Attributes:
        clip_s: Length of a clip, seconds.
        training_hop_s: Training clips begin at multiples of it, seconds; 0 for anywhere.
        evaluation_hop_s: Seconds between the beginnings of evaluation clips.
        evaluation_max_clips: Evaluation clips of a piece at most; 0 for no limit.
        validation_max_clips: Clips of a validation piece at most while training; 0 as in evaluation.
        max_gain_db: Largest random change of gain, dB.
        max_band_shift: Largest random shift, bands.
        max_masked_bands: Most bands masked at random.
        max_transposition: Largest random transposition, semitones.
    """

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
    """The sections of a config that say how a piece becomes features.

    Attributes:
        midi: Pace of MIDI.
        render: How MIDI is played.
        audio: Format of the WAV files.
        features: The front end, as `_target_` and its settings.
        dataset: Lengths of clips.
        silence_db: RMS below which a file counts as silent, dB of full scale (validate.min_rms_db).
        soundfont_sha256: Digest of the soundfont that a bundle learned with; "" where any will do.
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
        """Read the sections that a bundle keeps.

        Args:
            sections: As `sections` returns them; older bundles lack `validate` and the soundfont's digest.

        Raises:
            KeyError: A section is missing.
            TypeError: A section lacks a setting, or has one too many.
        """
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
        """Return the sections as plain values, for `of_sections` to read again."""
        return {
            "midi": asdict(self.midi),
            "render": {**asdict(self.render), "soundfont_sha256": self.soundfont_sha256},
            "audio": asdict(self.audio),
            "features": dict(self.features),
            "dataset": asdict(self.dataset),
            "validate": {"min_rms_db": self.silence_db},
        }
