"""One file to the features that a bundle's model hears, exactly as the pipeline makes them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from earmark.audio import Format, decode, judge
from earmark.errors import PieceError
from earmark.identify.inputs import FOREIGN_SUFFIXES
from earmark.midi.arrange import Tempo
from earmark.sources.origin import media_of

SILENT_DB = -70.0  # dB of full scale; below it there is nothing to hear
BLOCK_S = 0.5  # s of a block in which bands are averaged to see whether anything changes
STEADY_DB = 1.0  # dB by which bands of music change from block to block, and those of mere noise do not
FFMPEG_TIMEOUT_S = 600


@dataclass(frozen=True)
class Listener:
    """Settings of a bundle: midi, render, audio, features, dataset; base: where its soundfont may lie."""

    settings: Mapping[str, Any]
    base: Path

    def wav(self, file: Path, destination: Path) -> None:
        """The file as the pipeline's WAV. Raises PieceError where it cannot be heard."""
        audio, render = self.settings["audio"], self.settings["render"]
        target = Format(audio["sample_rate"], audio["channels"])
        if not file.is_file():
            raise PieceError("there is no such file")
        if media_of(file.name) == "midi":
            self._render(file, target, destination)
        elif file.suffix.lower() in FOREIGN_SUFFIXES:
            with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
                plain = Path(folder) / "decoded.wav"
                _ffmpeg(file, plain)
                decode(plain, target, render["max_seconds"], destination)
        else:
            decode(file, target, render["max_seconds"], destination)

    def features(self, wav: Path) -> np.ndarray:
        """Float16 (channels, bands, frames) of a WAV. Raises PieceError where there is no music in it."""
        from earmark.config import build
        from earmark.features.extract import features_of

        self._refuse_what_is_no_music(wav)
        return features_of(wav, build(dict(self.settings["features"]), "features"))

    def __call__(self, file: Path) -> np.ndarray:
        """Features of any file."""
        with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
            wav = Path(folder) / "sound.wav"
            self.wav(file, wav)
            return self.features(wav)

    def _render(self, file: Path, target: Format, destination: Path) -> None:
        from earmark.render.piece import render_piece
        from earmark.render.soundfont import soundfont_path
        from earmark.render.synth import Synthesis

        midi, render = self.settings["midi"], self.settings["render"]
        synthesis = Synthesis(
            soundfont=soundfont_path(render["soundfont"], self.base),
            rate_hz=render["synth_rate"],
            gain=render["gain"],
            reverb=render["reverb"],
            chorus=render["chorus"],
            tail_s=render["tail_s"],
            max_s=render["max_seconds"],
        )
        tempo = Tempo(midi["tempo"], midi["onset_rate_hz"])
        render_piece(file, tempo, render["instruments"], synthesis, target, destination)

    def _refuse_what_is_no_music(self, wav: Path) -> None:
        sound = judge(wav)
        clip_s = self.settings["dataset"]["clip_s"]
        if not sound.finite:
            raise PieceError("the sound has values that are not numbers")
        if 20 * np.log10(max(sound.rms, 1e-10)) < SILENT_DB:
            raise PieceError("silent: there is nothing to hear")
        if sound.duration_s < 0.9 * clip_s:
            raise PieceError(
                f"lasts {sound.duration_s:.1f} s, and this model listens to {clip_s:g} s at a time"
            )
        if is_steady(wav):
            raise PieceError("steady noise or a hum: nothing begins or ends in it")


def is_steady(wav: Path) -> bool:
    """Whether the sound is the same all along: noise of any colour, or a hum.

    Music changes: in at least one of eight octave bands its level in half-second blocks varies by more
    than STEADY_DB beyond what chance makes of noise (interquartile range, so that fades at the ends
    do not count). The mean of n exponentially distributed powers deviates by 4.34 / √n dB.
    """
    import soundfile

    with soundfile.SoundFile(wav) as file:
        size = int(BLOCK_S * file.samplerate)
        window = np.hanning(size).astype(np.float32)
        blocks = [
            np.abs(np.fft.rfft(block.mean(axis=1) * window)) ** 2
            for block in file.blocks(size, dtype="float32", always_2d=True)
            if len(block) == size
        ]
    if len(blocks) < 4:
        return False
    power = np.stack(blocks)
    edges = [power.shape[1] >> step for step in range(8, -1, -1)]
    bands = np.stack([power[:, low:high].mean(axis=1) for low, high in pairwise(edges)], axis=1)
    loud = bands.mean(axis=0) > 1e-6 * bands.mean(axis=0).max()
    level = 10 * np.log10(bands[:, loud] + 1e-12)
    low, high = np.quantile(level, [0.25, 0.75], axis=0)
    # A window halves the number of independent bins; 1.35 deviations are an interquartile range.
    chance = 2 * 1.35 * 4.34 / np.sqrt(np.diff(edges)[loud] / 2)
    return bool((high - low < STEADY_DB + chance).all())


def _ffmpeg(file: Path, destination: Path) -> None:
    program = shutil.which("ffmpeg")
    if program is None:
        raise PieceError(
            f"{file.suffix} needs a decoder that is not here: install ffmpeg, or convert it to FLAC"
        )
    # A path that begins with a hyphen must not be read as an option; protocols other than files are shut.
    command = [program, "-v", "error", "-nostdin", "-protocol_whitelist", "file", "-i", f"file:{file}"]
    try:
        done = subprocess.run(
            [*command, "-vn", "-y", str(destination)], capture_output=True, timeout=FFMPEG_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PieceError(f"ffmpeg failed: {error}") from error
    if done.returncode != 0 or not destination.is_file():
        words = done.stderr.decode(errors="replace").strip().splitlines()
        raise PieceError(f"cannot be read as audio: {words[-1] if words else 'ffmpeg says nothing'}")
