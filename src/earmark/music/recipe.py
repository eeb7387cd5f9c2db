"""The recipe: from a file, MIDI or recording, to the features that a model sees, made from settings.

The stages `render` and `features` use it for training; `identify`, the demo and the server use the same
recipe, read from a bundle, for new files.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from earmark.foundation.closure import PACKAGE, closure, code_version
from earmark.foundation.contracts import FrontEnd, NotesFrontEnd
from earmark.foundation.errors import EarmarkError, PieceError
from earmark.foundation.libraries import library_versions, processor_kernel
from earmark.foundation.targets import build
from earmark.music.clip_geometry import ClipGeometry
from earmark.music.extract import features_of
from earmark.music.midi.arrange import Tempo, arranged
from earmark.music.midi.smf import Events, read
from earmark.music.midi.sounding import sounding_notes
from earmark.music.recordings.audio import Format, measure_sound
from earmark.music.recordings.decode import decode
from earmark.music.recordings.expected import unheard
from earmark.music.recordings.ffmpeg import ffmpeg_version
from earmark.music.recordings.formats import format_of, media_of
from earmark.music.settings import HearingSettings
from earmark.music.sources.readable import fault_of
from earmark.music.steady import is_steady
from earmark.music.synthesis.piece import render_piece
from earmark.music.synthesis.soundfont import sound_alike, soundfont_digest, soundfont_path
from earmark.music.synthesis.synth import Synthesis, fluidsynth_version

EAR = "features/ear/network.py"  # the module that answers by ONNX Runtime
SHORTEST_CLIP_SHARE = 0.9  # of a clip's length that a file must last,
LONG_ENOUGH_S = 9.0  # or this, if that is less: the rest of a clip is empty then


@dataclass(frozen=True)
class Recipe:
    """How a file becomes sound and features.

    Parts are made from the settings when they are first used: a corpus of recordings needs no soundfont.

    Attributes:
        settings: The sections of a config or of a bundle.
        places: Folders for a soundfont's relative path: the first one that holds it counts, and the first of
            all is named where none does.
    """

    settings: HearingSettings
    places: Sequence[Path]

    @cached_property
    def tempo(self) -> Tempo:
        """Pace at which MIDI is played."""
        return Tempo(self.settings.midi.tempo, self.settings.midi.onset_rate_hz)

    def _events(self, midi: Path) -> Events:
        return read(midi, self.settings.midi.max_events)

    @property
    def instruments(self) -> str:
        """`original`, or `piano` for all parts."""
        return self.settings.render.instruments

    @property
    def max_s(self) -> float:
        """Seconds after which a piece is cut off; 0 for no limit."""
        return self.settings.render.max_seconds

    @cached_property
    def soundfont(self) -> Path:
        """File of the soundfont.

        Raises:
            EarmarkError: It is missing, is no soundfont, or has another digest than the settings state.
        """
        name, digest = self.settings.render.soundfont, self.settings.soundfont_sha256
        holding = (place for place in self.places if (place / Path(name).expanduser()).is_file())
        place = next(holding, self.places[0])
        try:
            file = soundfont_path(name, place)
        except EarmarkError as error:
            if not digest:
                raise
            raise EarmarkError(
                "to hear MIDI as this model did, its soundfont is needed at "
                f"{place / Path(name).expanduser()} ({error})"
            ) from error
        if digest and not sound_alike(soundfont_digest(file), digest):
            raise EarmarkError(
                f"soundfont {file} is not the one that this model learned with (sha256 {digest[:12]}…): "
                "it would hear another sound"
            )
        return file

    @cached_property
    def synthesis(self) -> Synthesis:
        """How FluidSynth plays.

        Raises:
            EarmarkError: As `soundfont` does.
        """
        render = self.settings.render
        return Synthesis(
            soundfont=self.soundfont,
            rate_hz=render.synth_rate,
            gain=render.gain,
            reverb=render.reverb,
            chorus=render.chorus,
            tail_s=render.tail_s,
            max_s=render.max_seconds,
        )

    @cached_property
    def format(self) -> Format:
        """Rate and channels of the WAV that a piece becomes."""
        return Format(self.settings.audio.sample_rate, self.settings.audio.channels)

    @cached_property
    def front_end(self) -> FrontEnd:
        """Front end: makes features of a waveform.

        Raises:
            EarmarkError: The settings name no front end, or state what it does not take.
        """
        return build(self.settings.features, "features")

    @cached_property
    def clips(self) -> ClipGeometry:
        """Lengths of the clips that a model sees."""
        rate_hz = self.front_end.frame_rate_hz(self.format.rate_hz)
        return ClipGeometry.of(self.settings.dataset, rate_hz)

    def lasting_settings(self) -> HearingSettings:
        """Return the settings with the soundfont's digest, for a bundle.

        Where no soundfont is at hand, which recordings do not need, the settings stay as they are.
        """
        try:
            return replace(self.settings, soundfont_sha256=soundfont_digest(self.soundfont))
        except EarmarkError:
            return self.settings

    def wav(self, file: Path, destination: Path) -> None:
        """Write a file, MIDI or a recording, as the pipeline's WAV.

        Args:
            file: What to play or decode; its content says which.
            destination: Where to write the WAV.

        Raises:
            PieceError: There is no such file, or it cannot be played or decoded.
            EarmarkError: The soundfont or a library is missing.
        """
        if fault := fault_of(file):
            raise PieceError(fault if os.path.lexists(file) else "there is no such file")
        if media_of(file) == "midi":
            settings = (self.tempo, self.instruments, self.synthesis, self.format)
            render_piece(file, *settings, destination, self.settings.midi.max_events)
        else:
            decode(file, self.format, self.max_s, destination)

    def features(self, wav: Path) -> np.ndarray:
        """Compute the features of a WAV that `wav` wrote.

        Returns:
            Float16 (channels, bands, frames).

        Raises:
            PieceError: The WAV is unreadable or too short, or a feature is not a finite number.
        """
        return features_of(wav, self.front_end)

    def check_music(self, wav: Path) -> float:
        """Check that a WAV holds music long enough for this model.

        Returns:
            Its duration, seconds.

        Raises:
            PieceError: It is silent, too short, steady noise or a hum, or holds values that are not numbers.
        """
        sound = measure_sound(wav)
        if not sound.finite:
            raise PieceError("the sound has values that are not numbers")
        if 20 * np.log10(max(sound.rms, 1e-10)) < self.settings.silence_db:
            raise PieceError("silent: there is nothing to hear")
        self._check_duration(sound.duration_s)
        if is_steady(wav):
            raise PieceError("steady noise or a hum: nothing begins or ends in it")
        return sound.duration_s

    def _check_duration(self, duration_s: float) -> None:
        least_s = min(SHORTEST_CLIP_SHARE * self.settings.dataset.clip_s, LONG_ENOUGH_S)
        if duration_s < least_s:
            raise PieceError(f"lasts {duration_s:.1f} s, and this model needs {least_s:g} s or more")

    def reads_notes(self, media: str | None) -> bool:
        """Whether features are made of the notes of a file, without its sound.

        Args:
            media: `midi` or `audio`.
        """
        front_end = self.front_end
        return media == "midi" and isinstance(front_end, NotesFrontEnd) and front_end.notes_of == "file"

    def features_of_notes(self, midi: Path) -> np.ndarray:
        """Compute the features of a MIDI file from its notes; see `reads_notes`.

        Returns:
            Float16 (channels, bands, frames).

        Raises:
            PieceError: It cannot be read, or nothing but drums plays.
        """
        front_end = self.front_end
        assert isinstance(front_end, NotesFrontEnd)
        events = arranged(self._events(midi), self.tempo, self.instruments, self.max_s)
        notes = sounding_notes(events, self.max_s)
        return front_end.of_notes(notes.onset_s, notes.end_s, notes.pitch, notes.program).astype(np.float16)

    def hear(self, file: Path) -> np.ndarray:
        """Compute the features of a file, as `listen` does.

        Returns:
            Float16 (channels, bands, frames).
        """
        return self.listen(file)[0]

    def listen(self, file: Path) -> tuple[np.ndarray, str]:
        """Compute the features of a file, MIDI or a recording, and say what of it is not heard.

        Returns:
            Float16 (channels, bands, frames); and in words what is not heard, "" where all of it is.

        Raises:
            PieceError: There is no such file, it cannot be played or decoded, or it holds no music.
            EarmarkError: The soundfont or a library is missing.
        """
        if os.path.isfile(file) and not fault_of(file) and self.reads_notes(media_of(file)):
            features = self.features_of_notes(file)
            self._check_duration(features.shape[-1] / self.clips.frame_rate_hz)
            return features, "; ".join(self._events(file).warnings)
        with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
            wav = Path(folder) / "sound.wav"
            self.wav(file, wav)
            duration_s = self.check_music(wav)
            return self.features(wav), self.unheard(file, duration_s)

    def unheard(self, file: Path, duration_s: float) -> str:
        """Say what of a file is not heard; "" where all of it is.

        Args:
            file: MIDI or a recording.
            duration_s: Seconds of it that were heard.

        Raises:
            PieceError: It cannot be read.
        """
        form = format_of(file)
        if form and form.media == "midi":
            return "; ".join(self._events(file).warnings)
        return unheard(file, form, duration_s, self.max_s)

    def wav_key(self, media: str) -> dict[str, Any]:
        """Return everything that determines what `wav` writes, besides the file: a part of the store's key.

        Args:
            media: `midi` or `audio`.
        """
        if media != "midi":
            return {
                "format": vars(self.format),
                "max_s": self.max_s,
                "ffmpeg": ffmpeg_version(),
                "libraries": library_versions("numpy", "soundfile", "soxr"),
                "code": code_version("earmark.music.recordings.decode"),
            }
        return {
            "synthesis": {**vars(self.synthesis), "soundfont": soundfont_digest(self.soundfont)},
            "fluidsynth": fluidsynth_version(),
            "libraries": library_versions("numpy", "soxr"),
            "tempo": vars(self.tempo),
            "instruments": self.instruments,
            "format": vars(self.format),
            "code": code_version("earmark.music.synthesis.piece"),
        }

    def notes_key(self) -> dict[str, Any]:
        """Return everything that determines what `features_of_notes` gives, besides the file."""
        return {
            "tempo": vars(self.tempo),
            "instruments": self.instruments,
            "max_s": self.max_s,
            "features": self.settings.features,
            "libraries": library_versions("numpy"),
            "code": sorted(map(code_version, {type(self.front_end).__module__, sounding_notes.__module__})),
        }

    def features_key(self) -> dict[str, Any]:
        """Return everything that determines what `features` gives, besides the WAV: a part of the key."""
        modules = {type(self.front_end).__module__, "earmark.music.extract"}
        return {
            "features": self.settings.features,
            "libraries": library_versions("numpy", *self._further_libraries()),
            "processor": self.features_processor(),
            "code": sorted(map(code_version, modules)),
        }

    def features_processor(self) -> str:
        """The kind of processor on which `features` gives these bytes; "" where any gives the same."""
        return processor_kernel() if self._further_libraries() else ""

    def _further_libraries(self) -> tuple[str, ...]:
        """Libraries of the front end whose sums are float32, and end in digits that the processor decides."""
        if self.front_end.uses_torch:
            return ("torch",)
        parts = getattr(self.front_end, "parts", (self.front_end,))
        files = {file for part in parts for file in closure(type(part).__module__)}
        return ("onnxruntime", "soxr") if PACKAGE / EAR in files else ()
