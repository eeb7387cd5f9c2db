"""Stage clips: scenes of held-in scores, played and spoilt, as constant-Q spectra with their notes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soxr
from joblib import Parallel, delayed

from ear.effects import spoilt
from ear.parts import random_parts
from ear.scene import GAP_S, Scene, in_succession, scene
from ear.scores import is_held_out
from ear.settings import FOLDER, section
from earmark.features.ear.spectrum import RATE_HZ, constant_q
from earmark.foundation.errors import EarmarkError
from earmark.foundation.progress import say
from earmark.music.synthesis.soundfont import soundfont_path
from earmark.music.synthesis.synth import Synthesis, synthesize

SYNTH_RATE_HZ = 44_100
PIANO_SHARE = 0.35  # of the clips; the others have an instrument a part
STEPS_PER_DB = 2  # spectra are kept in bytes: half a decibel from -100 dB up
# File of each soundfont and the share of the clips that it plays, with the Debian package that holds it.
SOUNDFONTS = (
    ("TimGM6mb.sf2", 0.3, "pretty_midi's own"),
    ("/usr/share/sounds/sf2/FluidR3_GM.sf2", 0.3, "fluid-soundfont-gm"),
    ("/usr/share/sounds/sf3/MuseScore_General_Lite.sf3", 0.3, "musescore-general-soundfont-small"),
    ("/usr/share/sounds/sf2/OPL-3_FM_128M.sf2", 0.1, "opl3-soundfont"),
)


def soundfonts() -> list[tuple[Path, float]]:
    """The soundfonts with their shares.

    Raises:
        EarmarkError: One is missing; the message names the package.
    """
    there = []
    for name, share, package in SOUNDFONTS:
        try:
            there.append((soundfont_path(name, Path()), share))
        except EarmarkError as error:
            raise EarmarkError(f"{error}: apt-get install {package}") from error
    return there


def play(
    scenes: Sequence[Scene], length_s: float, soundfont: Path, rng: np.random.Generator
) -> list[np.ndarray]:
    """Play scenes; mono sounds (samples,) of float32 at SYNTH_RATE_HZ, each `length_s` long."""
    synthesis = Synthesis(
        soundfont=soundfont,
        rate_hz=SYNTH_RATE_HZ,
        gain=0.3,
        reverb=bool(rng.random() < 0.3),
        chorus=bool(rng.random() < 0.2),
        tail_s=length_s,  # the last scene may end in a rest
        max_s=len(scenes) * (length_s + GAP_S),
    )
    blocks = list(synthesize(in_succession(scenes, length_s), synthesis))
    sound = np.concatenate(blocks).mean(axis=1)
    starts = [round(number * (length_s + GAP_S) * SYNTH_RATE_HZ) for number in range(len(scenes))]
    return [sound[start : start + round(length_s * SYNTH_RATE_HZ)] for start in starts]


def detuned(sound: np.ndarray, notes: np.ndarray, cents: float) -> tuple[np.ndarray, np.ndarray]:
    """A sound at RATE_HZ, higher and faster by `cents`, and its notes."""
    factor = 2 ** (cents / 1200)
    moved = notes.copy()
    moved[:, :2] /= factor
    return soxr.resample(sound, SYNTH_RATE_HZ * factor, RATE_HZ), moved


def random_cents(rng: np.random.Generator) -> float:
    """Most music lies near A4 = 440 Hz after its tuning was corrected; some does not."""
    return float(rng.uniform(-50, 50) if rng.random() < 0.35 else rng.normal(0, 8))


def _shard(number: int, files: Sequence[Path], fonts: Sequence[tuple[Path, float]], folder: Path) -> None:
    """Write a file of clips: spectra (clips, bands, frames) as bytes, notes (n, 4) with the clip number."""
    import torch

    torch.set_num_threads(1)
    settings = section("clips")
    rng = np.random.default_rng([settings["seed"], number])
    length_s, count = settings["clip_s"], settings["clips_per_shard"]
    scenes = [
        scene(random_parts(files, length_s, rng), bool(rng.random() < PIANO_SHARE), length_s, rng)
        for _ in range(count)
    ]
    font = fonts[rng.choice(len(fonts), p=[share for _, share in fonts])][0]
    spectra, notes = [], []
    frames = int(length_s * 2 ** (-50 / 1200) * RATE_HZ / 512)  # as many as the most sharpened clip has
    for index, sound in enumerate(play(scenes, length_s, font, rng)):
        cents = random_cents(rng)
        clip, moved = detuned(sound, scenes[index].notes, cents)
        clip = spoilt(clip, rng) if rng.random() < 0.85 else clip
        spectra.append(np.round((constant_q(clip.astype(np.float32))[:, :frames] + 100) * STEPS_PER_DB))
        notes.append(np.column_stack([np.full(len(moved), index), moved]))
    path = folder / f"{number:05d}.npz"
    scratch = path.with_suffix(".tmp.npz")
    np.savez(
        scratch,
        spectra=np.stack(spectra).clip(0, 255).astype(np.uint8),
        notes=np.concatenate(notes).astype(np.float32),
    )
    os.replace(scratch, path)


def main() -> None:
    """Write `ear/data/clips/<number>.npz`."""
    settings, folder = section("clips"), FOLDER / "data" / "clips"
    share = section("scores")["held_out_share"]
    files = [file for file in sorted((FOLDER / "data" / "scores").iterdir()) if not is_held_out(file, share)]
    fonts = soundfonts()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    Parallel(n_jobs=-1, verbose=1)(
        delayed(_shard)(number, files, fonts, folder) for number in range(settings["shards"])
    )
    clips = settings["shards"] * settings["clips_per_shard"]
    say(f"clips: {clips}, {clips * settings['clip_s'] / 3600:.1f} hours, of {len(files)} scores")


if __name__ == "__main__":
    main()
