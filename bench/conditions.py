"""How a trained model fares where music sounds otherwise than what it learned from.

    python -m bench.conditions RUN

RUN is a folder with models/ and data/, as dvc repro and runs from the shell leave them. Its known test pieces
are identified as MIDI, then as recordings: with their own instruments, by another soundfont, in a room, as
MP3 at 64 kbit/s, 30 cents sharp, and with noise 20 dB below. Printed is a row for each: the share of pieces
whose nearest label is right, the share that is answered, and that of wrong labels among the answered.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import fftconvolve

from earmark.decisions.rejection import UNKNOWN
from earmark.identify.identifier import Identifier
from earmark.identify.verdict import Verdict
from earmark.music.catalog import KNOWN, read_table
from earmark.music.recipe import Recipe

ANOTHER_SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")  # Debian's fluid-soundfont-gm
RATE_HZ = 44_100
SHARP_CENTS, NOISE_DB, ROOM_S, WET = 30, 20.0, 0.8, 0.5
MP3_KBIT_S = 64
Sound = Callable[[np.ndarray, Path], None]


def main(run: Path) -> None:
    """Print the table."""
    identifier = Identifier.load(run / "models")
    pieces = read_table(run / "data" / "splits.csv")
    raw = read_table(run / "data" / "catalog.csv").set_index("piece_id").raw
    test = pieces[(pieces.role == KNOWN) & (pieces.split == "test")]
    files = [run / "data" / "raw" / raw[name] for name in test.piece_id]
    labels = list(test.label)
    print(f"| {len(files)} test pieces | nearest label right | answered | wrong among these |")
    print("|---|---|---|---|")
    _print("MIDI", labels, [identifier.identify(file) for file in files])
    own = _player(identifier, identifier.recipe.settings.render.soundfont)
    for words, player, effect in (
        ("own instruments and tempo", own, _plain),
        ("another soundfont", _player(identifier, str(ANOTHER_SOUNDFONT)), _plain),
        ("a room", own, _room),
        (f"MP3 at {MP3_KBIT_S} kbit/s", own, _mp3),
        (f"{SHARP_CENTS} cents sharp", own, _sharp),
        (f"noise at {NOISE_DB:.0f} dB", own, _noise),
    ):
        if words == "another soundfont" and not ANOTHER_SOUNDFONT.is_file():
            print(f"| {words} | {ANOTHER_SOUNDFONT} is not installed | | |")
            continue
        _print(words, labels, [_recorded(identifier, player, file, effect) for file in files])


def _player(identifier: Identifier, soundfont: str) -> Recipe:
    """Plays MIDI with its own instruments at 44.1 kHz."""
    settings = identifier.recipe.settings
    render = replace(settings.render, instruments="original", soundfont=soundfont, synth_rate=RATE_HZ)
    midi = replace(settings.midi, tempo="original")
    audio = replace(settings.audio, sample_rate=RATE_HZ)
    other = replace(settings, render=render, midi=midi, audio=audio, soundfont_sha256="")
    return Recipe(other, identifier.recipe.places)


def _recorded(identifier: Identifier, player: Recipe, midi: Path, effect: Sound) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        wav = Path(folder) / "played.wav"
        player.wav(midi, wav)
        sound, _ = soundfile.read(wav, dtype="float64", always_2d=True)
        recording = Path(folder) / ("recording.mp3" if effect is _mp3 else "recording.wav")
        effect(sound.mean(axis=1), recording)
        return identifier.identify(recording)


def _plain(sound: np.ndarray, to: Path) -> None:
    soundfile.write(to, sound / max(1.0, float(np.abs(sound).max())), RATE_HZ)


def _room(sound: np.ndarray, to: Path) -> None:
    """A decaying noise as the room's answer, 60 dB in ROOM_S."""
    count = int(ROOM_S * RATE_HZ)
    answer = np.random.default_rng(0).standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    wet = fftconvolve(sound, answer / np.sqrt((answer**2).sum()))[: len(sound)]
    _plain(sound + WET * wet, to)


def _mp3(sound: np.ndarray, to: Path) -> None:
    wav = to.with_suffix(".wav")
    _plain(sound, wav)
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(wav), "-b:a", f"{MP3_KBIT_S}k", str(to)]
    subprocess.run(command, check=True)


def _sharp(sound: np.ndarray, to: Path) -> None:
    import soxr

    factor = 2 ** (SHARP_CENTS / 1200)
    _plain(soxr.resample(sound, RATE_HZ * factor, RATE_HZ), to)


def _noise(sound: np.ndarray, to: Path) -> None:
    noise = np.random.default_rng(0).standard_normal(len(sound))
    _plain(sound + noise * np.sqrt((sound**2).mean()) * 10 ** (-NOISE_DB / 20), to)


def _print(words: str, labels: list[str], verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.error:
            print(f"{verdict.path}: {verdict.error}", file=sys.stderr)
    right = np.array([v.nearest_label == label for v, label in zip(verdicts, labels, strict=True)])
    answered = np.array([not v.error and v.label != UNKNOWN for v in verdicts])
    wrong = f"{(~right[answered]).mean():.3f}" if answered.any() else "–"
    print(f"| {words} | {right.mean():.3f} | {answered.mean():.3f} | {wrong} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
