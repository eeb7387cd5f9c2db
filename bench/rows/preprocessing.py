"""From MIDI to what training reads: the shipped defaults against music_identifier's preprocessing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

from bench.checkout import Checkout, new_checkout
from bench.music import Music, sample
from bench.peers import fluidsynth_command, music_identifier
from bench.result import AT_LEAST, Result, seconds
from bench.settings import Settings

BAR = 6.0
LABELS = ("Ash", "Birch", "Cedar")  # whose a piece is does not matter to how long it takes


def measure(settings: Settings) -> list[Result]:
    """A shell run up to `features`, from nothing, against a loop that renders to WAV."""
    music = sample(settings)
    if not fluidsynth_command.is_installed():
        absent = "skipped: the command fluidsynth is not installed (apt-get install fluidsynth)"
        return [_result("time", None, absent), _result("disk", None, absent)]
    halves = music.files[::2], music.files[1::2]
    folder = settings.scratch / "music_identifier"
    folder.mkdir()
    # Half before and half after ours: other users of the machine slow both alike.
    first_s = _seconds(lambda: _render(halves[0], folder))
    checkout, ours_s = prepared(settings)
    peer_s = first_s + _seconds(lambda: _render(halves[1], folder))
    peer_mb = _megabytes(folder)
    ours_mb = _megabytes(checkout.root / "runs", checkout.store)
    done = len(list(folder.iterdir()))
    shutil.rmtree(folder)
    return [
        _result(
            "time",
            peer_s / ours_s,
            f"{len(music.files)} {music.name}: theirs {peer_s:.0f} s ({done} came out), ours {ours_s:.1f} s, "
            "the stages from ingest to features by one command, its start included. Theirs whole, 44.1 kHz, "
            "stereo, reverb, chorus; ours as shipped: 3 minutes at most, dry, mono, 22.05 kHz, and features",
        ),
        _result(
            "disk",
            peer_mb / ours_mb,
            f"theirs {peer_mb:,.0f} MB of WAV, ours {ours_mb:,.0f} MB: MIDI, WAV and features, "
            "hardlinks counted once",
        ),
    ]


@cache
def prepared(settings: Settings) -> tuple[Checkout, float]:
    """A checkout with the sample's features by the shipped defaults, and the seconds that they took."""
    folder = settings.scratch / "sample"
    lay_out(sample(settings), folder)
    checkout = new_checkout(settings, "defaults", ["experiment=composer"], folder)
    checkout.use()
    command = ("python", "stages/features.py", "hydra.run.dir=runs/features")
    return checkout, _seconds(lambda: checkout.run(*command))


def lay_out(music: Music, folder: Path) -> None:
    """The files as copies in a folder that earmark can learn from."""
    for number, file in enumerate(music.files):
        target = folder / LABELS[number % len(LABELS)] / f"{number:02d} {file.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def _seconds(function: Callable[[], object]) -> float:
    """With a quiet disk: what was written before is not paid for by what is timed now."""
    os.sync()
    return seconds(function)


def _render(files: list[Path], folder: Path) -> None:
    from earmark.music.synthesis.soundfont import soundfont_path

    music_identifier.preprocess(files, folder, soundfont_path("", Path()))


def _megabytes(*folders: Path) -> float:
    sizes = {}
    for folder in folders:
        for root, _, names in os.walk(folder):
            for name in names:
                status = os.lstat(os.path.join(root, name))
                sizes[status.st_ino] = status.st_blocks * 512
    return sum(sizes.values()) / 1e6


def _result(what: str, ratio: float | None, detail: str) -> Result:
    return Result(f"preprocessing: {what}", ratio, BAR, f"× less {what}", AT_LEAST, detail)
