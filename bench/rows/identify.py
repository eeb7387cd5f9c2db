"""How long an answer takes and what memory: one file, many files, and the command line's help.

Processor time throughout: other users of the machine lengthen the time by the clock, and less this one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from bench.checkout import earmark
from bench.result import AT_LEAST, AT_MOST, Result, peak_rss_mb
from bench.rows.preprocessing import prepared
from bench.settings import Settings

if TYPE_CHECKING:
    from earmark.identify.verdict import Verdict

LENGTH_S = 180
POLL_S = 0.02
FILES = 100
DIFFERENT = 4  # files of their own; the others are links to them
RATE_HZ = 44_100
MOST_S, MOST_COMMAND_S, MOST_HELP_S, MOST_MB = 1.0, 1.0, 0.25, 300.0
LEAST_SPEED = 600.0  # of a network on spectrograms
# Of models over notes: the ear computes a network for each 23 ms of sound, which is nearly all of the time.
LEAST_SPEED_BY_NOTES, FILES_BY_NOTES = 10.0, 2


def measure(settings: Settings) -> list[Result]:
    """A network on spectrograms and the shipped composers; sound as from a compact disc, 3 minutes."""
    from earmark.identify.identifier import Identifier
    from earmark.identify.inputs import Target

    bundle = _trained(settings)
    folder = settings.scratch / "recordings"
    mp3 = _record(folder)
    wav = folder / "000.wav"
    identifier = Identifier.load(bundle)
    _check(identifier.identify(Target(wav.name, wav)))  # also loads what is loaded at first use
    rounds = max(settings.rounds, 1)
    started = time.process_time()
    for _ in range(rounds):
        identifier.identify(Target(wav.name, wav))
    loaded_s = (time.process_time() - started) / rounds
    runs = [_command("identify", str(mp3), "--model", str(bundle), "--csv") for _ in range(rounds)]
    command_s, command_mb = median(run.used_s for run in runs), median(run.peak_mb for run in runs)
    torch_s = median(_run([sys.executable, "-c", "import torch"]).used_s for _ in range(rounds))
    help_s = median(_command("--help").used_s for _ in range(rounds))
    many_s = _command("identify", str(folder), "--model", str(bundle), "--csv", cores=0).used_s
    few = [str(folder / f"{number:03d}.wav") for number in range(FILES_BY_NOTES)]
    notes_s = _command("identify", *few, "--model", "composer", "--csv").used_s
    minutes = LENGTH_S // 60
    return [
        Result(
            f"identify: one WAV of {minutes} minutes, model loaded",
            *(loaded_s, MOST_S, "s of processor time", AT_MOST, f"mean of {rounds}"),
        ),
        Result(
            f"identify: the command, one MP3 of {minutes} minutes",
            *(command_s, MOST_COMMAND_S, "s of processor time", AT_MOST),
            "earmark identify FILE --csv on one core, from start to end, nothing heard before",
        ),
        Result(
            "identify: the command beside what it replaces",
            *(torch_s / command_s, 1.0, "× less than importing torch alone", AT_LEAST),
            f"python -c 'import torch' {torch_s:.2f} s of processor time, the command {command_s:.2f} s",
        ),
        Result(
            "identify: memory of the command",
            *(command_mb, MOST_MB, "MB", AT_MOST, "the most that it has had resident"),
        ),
        Result(
            "identify: earmark --help",
            *(help_s, MOST_HELP_S, "s of processor time", AT_MOST, f"median of {rounds}"),
        ),
        Result(
            f"identify: {FILES} files",
            *(FILES * LENGTH_S / many_s, LEAST_SPEED, "× real time per core", AT_LEAST),
            f"earmark identify FOLDER --csv --no-cache, start-up included: {many_s:.1f} s of processor time "
            f"for {FILES * LENGTH_S / 3600:.0f} hours",
        ),
        Result(
            f"identify: {FILES_BY_NOTES} files by their notes",
            *(FILES_BY_NOTES * LENGTH_S / notes_s, LEAST_SPEED_BY_NOTES, "× real time per core", AT_LEAST),
            f"--model composer, which hears notes first: {notes_s:.1f} s of processor time",
        ),
    ]


@dataclass(frozen=True)
class _Run:
    """What a command took: processor time of it and its children (s), and its most resident memory (MB)."""

    used_s: float
    peak_mb: float


def _command(*arguments: str, cores: int = 1) -> _Run:
    """Run `earmark`, on so many cores; 0 for all."""
    further = ["--no-cache"] if arguments[0] == "identify" else []
    return _run([earmark(), *arguments, *further], cores)


def _run(command: list[str], cores: int = 1) -> _Run:
    """Run a command. Raises SystemExit where it fails."""
    kept = sorted(os.sched_getaffinity(0))[: cores or None]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, preexec_fn=lambda: os.sched_setaffinity(0, kept)
        )
        # Not ru_maxrss, which a child inherits from the process that starts it.
        peak_mb, ended = 0.0, 0
        while not ended:
            peak_mb = max(peak_mb, peak_rss_mb(process.pid))
            time.sleep(POLL_S)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{output.read().decode()}")
    return _Run(usage.ru_utime + usage.ru_stime, peak_mb)


def _trained(settings: Settings) -> Path:
    """A bundle of a network on spectrograms, trained for one epoch: its quality does not matter here."""
    checkout, _ = prepared(settings)
    network = ("experiment=composer_convnet", "trainer.max_epochs=1")
    checkout.run("python", "stages/train.py", *network, "hydra.run.dir=runs/bench")
    return checkout.root / "runs" / "bench" / "models"


def _record(folder: Path) -> Path:
    """Chords that change each second, over a little noise; the first one as MP3 beside the folder, too."""
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
        stereo = np.stack([sound, 0.8 * sound], axis=1)
        soundfile.write(wav, stereo, RATE_HZ, subtype="PCM_16")
        if number == 0:
            soundfile.write(folder.with_suffix(".mp3"), stereo, RATE_HZ)
    return folder.with_suffix(".mp3")


def _check(verdict: Verdict) -> None:
    if verdict.error:
        raise SystemExit(f"the recording was not identified: {verdict.error}")
