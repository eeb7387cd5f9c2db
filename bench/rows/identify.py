"""How long an answer takes: one file with the model loaded, many files, and from the command line."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from bench.checkout import earmark
from bench.result import AT_LEAST, AT_MOST, Result, seconds
from bench.rows.preprocessing import prepared
from bench.settings import Settings

if TYPE_CHECKING:
    from earmark.identify.verdict import Verdict

LENGTH_S = 180
FILES = 100
DIFFERENT = 4  # files of their own; the others are links to them
RATE_HZ = 44_100
MOST_S, LEAST_SPEED, MOST_STARTUP_S, MOST_COMMAND_S = 1.0, 100.0, 3.0, 6.0


def measure(settings: Settings) -> list[Result]:
    """A model of the shipped defaults; WAV as from a compact disc: 44.1 kHz, stereo, 3 minutes."""
    from earmark.identify.identifier import Identifier
    from earmark.identify.inputs import Target

    bundle = _trained(settings)
    folder = settings.scratch / "recordings"
    _record(folder)
    wav = folder / "000.wav"
    identifier = Identifier.load(bundle)
    _check(identifier.identify(Target(wav.name, wav)))  # also loads what is loaded at first use
    rounds = max(settings.rounds, 1)
    started = time.process_time()
    one_s = median(seconds(lambda: identifier.identify(Target(wav.name, wav))) for _ in range(rounds))
    used_s = (time.process_time() - started) / rounds
    command_s = median(seconds(lambda: _command(bundle, str(wav))) for _ in range(rounds))
    many_s = seconds(lambda: _command(bundle, str(folder)))
    cores = len(os.sched_getaffinity(0))
    speed = FILES * LENGTH_S / many_s / cores
    return [
        Result(
            f"identify: one WAV of {LENGTH_S // 60} minutes, model loaded",
            one_s,
            MOST_S,
            "s",
            AT_MOST,
            f"median of {rounds}, {cores} cores; processor time {used_s:.2f} s",
        ),
        Result(
            f"identify: {FILES} files",
            speed,
            LEAST_SPEED,
            "× real time per core",
            AT_LEAST,
            f"earmark identify FOLDER --csv, start-up included: {many_s:.1f} s for "
            f"{FILES * LENGTH_S / 3600:.0f} hours on {cores} cores",
        ),
        Result(
            "identify: start-up",
            command_s - one_s,
            MOST_STARTUP_S,
            "s",
            AT_MOST,
            "the command for one file less the same with the model loaded",
        ),
        Result(
            "identify: the command, one file",
            command_s,
            MOST_COMMAND_S,
            "s",
            AT_MOST,
            "earmark identify FILE --csv, from start to end",
        ),
    ]


def _trained(settings: Settings) -> Path:
    """A bundle of the default network, trained for one epoch: its quality does not matter here."""
    checkout, _ = prepared(settings)
    checkout.run("python", "stages/train.py", "trainer.max_epochs=1", "hydra.run.dir=runs/bench")
    return checkout.root / "runs" / "bench" / "models"


def _record(folder: Path) -> None:
    """Chords that change each second, over a little noise."""
    import soundfile

    folder.mkdir()
    time_s = np.arange(RATE_HZ) / RATE_HZ
    for number in range(FILES):
        wav = folder / f"{number:03d}.wav"
        if number >= DIFFERENT:
            os.link(folder / f"{number % DIFFERENT:03d}.wav", wav)
            continue
        random = np.random.default_rng(number)
        chords = [
            sum(np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * time_s) for pitch in pitches)
            * np.exp(-2 * time_s)
            for pitches in random.integers(45, 80, (LENGTH_S, 3))
        ]
        sound = 0.2 * np.concatenate(chords) + random.normal(0, 1e-3, LENGTH_S * RATE_HZ)
        soundfile.write(wav, np.stack([sound, 0.8 * sound], axis=1), RATE_HZ, subtype="PCM_16")


def _command(bundle: Path, what: str) -> None:
    command = [earmark(), "identify", what, "--model", str(bundle), "--csv"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")


def _check(verdict: Verdict) -> None:
    if verdict.error:
        raise SystemExit(f"the recording was not identified: {verdict.error}")
