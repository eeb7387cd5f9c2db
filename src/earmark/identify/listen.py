"""One file to the features that a bundle's model hears, exactly as the pipeline makes them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from earmark.foundation.errors import EarmarkError, PieceError, describe
from earmark.foundation.workspace import Workspace
from earmark.identify.inputs import FOREIGN_SUFFIXES, Target
from earmark.music.audio import Format, decode, judge
from earmark.music.midi.arrange import Tempo
from earmark.music.sources.origin import media_of

SILENT_DB = -70.0  # dB of full scale; below it there is nothing to hear
BLOCK_S = 0.5  # s of a block in which bands are averaged to see whether anything changes
STEADY_DB = 1.0  # dB by which bands of music change from block to block, and those of mere noise do not
FFMPEG_TIMEOUT_S = 600
WORTH_PROCESSES = 6  # files from which on processes gain more than their start takes


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
            try:
                decode(file, target, render["max_seconds"], destination)
            except PieceError as error:
                if "does not exist" not in str(error):
                    raise
                # libsndfile's words for a file without a frame of the format that its suffix promises.
                raise PieceError(f"cannot be read as audio: it is no {file.suffix}") from error

    def features(self, wav: Path) -> np.ndarray:
        """Float16 (channels, bands, frames) of a WAV. Raises PieceError where there is no music in it."""
        from earmark.music.extract import features_of
        from earmark.pipeline.settings.config import build

        self._refuse_what_is_no_music(wav)
        return features_of(wav, build(dict(self.settings["features"]), "features"))

    def __call__(self, file: Path) -> np.ndarray:
        """Features of any file."""
        with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
            wav = Path(folder) / "sound.wav"
            self.wav(file, wav)
            return self.features(wav)

    def _render(self, file: Path, target: Format, destination: Path) -> None:
        from earmark.music.synthesis.piece import render_piece
        from earmark.music.synthesis.synth import Synthesis

        midi, render = self.settings["midi"], self.settings["render"]
        synthesis = Synthesis(
            soundfont=bundled_soundfont(render, self.base),
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


def bundled_soundfont(render: Mapping[str, Any], base: Path) -> Path:
    """The soundfont of a bundle's `render` settings: with the bundle, or in the checkout around it or us.

    Raises EarmarkError where it is not to be had, or is not the one that the model learned with.
    """
    from earmark.music.synthesis.soundfont import soundfont_digest, soundfont_path

    name, digest = render["soundfont"], render.get("soundfont_sha256", "")
    places = [base]
    for start in (base, Path.cwd()):
        with suppress(EarmarkError):
            places.append(Workspace.find(start).project)
    there = (place for place in places if (place / Path(name).expanduser()).is_file())
    try:
        found = soundfont_path(name, next(there, base))
    except EarmarkError as error:
        place = base / Path(name).expanduser()
        raise EarmarkError(
            f"to hear MIDI as this model did, its soundfont is needed at {place} ({error})"
        ) from error
    if digest and soundfont_digest(found) != digest:
        raise EarmarkError(
            f"soundfont {found} is not the one that this model learned with (sha256 {digest[:12]}…): "
            "it would hear another sound"
        )
    return found


@dataclass(frozen=True)
class Heard:
    """Features of a file (channels, bands, frames); or None, and why."""

    target: Target
    features: np.ndarray | None
    error: str = ""


def hear(listener: Listener, target: Target) -> Heard:
    """One file. Raises EarmarkErrors that are not about it: FluidSynth is missing."""
    try:
        return Heard(target, listener(target.file))
    except EarmarkError as error:
        if not isinstance(error, PieceError):
            raise
        return Heard(target, None, str(error))
    except Exception as error:  # an unforeseen fault of one file is that file's error
        return Heard(target, None, describe(error))


def hear_all(listener: Listener, targets: Sequence[Target], workers: int = 0) -> Iterator[Heard]:
    """Files in their order; many are heard in parallel, a few at a time. workers: 0 for one per core."""
    if workers == 1 or (workers == 0 and len(targets) < WORTH_PROCESSES):
        yield from (hear(listener, target) for target in targets)
        return
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=workers or -1, return_as="generator", pre_dispatch="2*n_jobs")
    yield from parallel(delayed(hear)(listener, target) for target in targets)


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
