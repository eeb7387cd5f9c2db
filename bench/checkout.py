"""A temporary checkout that learns from small synthetic pieces, and what each of its stages took."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bench.result import peak_rss_mb, used_by_children_s
from bench.settings import Settings
from bench.synthetic import write_corpus
from earmark.foundation.progress import say

STAGES = ("compose", "ingest", "render", "validate", "features", "split", "train", "evaluate")
POLL_S = 0.2
# A piece is cheap, so that what a stage costs beside its pieces' own work shows.
CHEAP = [
    "experiment=composer",
    "midi=original",
    "audio.sample_rate=8000",
    "render.synth_rate=8000",
    "features.n_fft=1024",
    "features.win_length=1024",
    "features.hop_length=512",
    "features.n_mels=32",
    "features.f_max_hz=4000",
    "dataset.clip_s=3",
    "dataset.evaluation_hop_s=3",
    "dataset.max_masked_bands=4",
    "sampler.batches_per_epoch=2",
    "trainer=cpu",
    "trainer.max_epochs=1",
    "evaluate.resamples=50",
]


def earmark() -> str:
    """The console script beside this Python."""
    return str(Path(sys.executable).parent / "earmark")


@dataclass(frozen=True)
class Run:
    """One `dvc repro`: seconds by the clock, processor time of all its processes, peak memory of the stage's
    main process, what was said."""

    seconds: float
    used_s: float
    peak_mb: float
    said: str


@dataclass(frozen=True)
class Checkout:
    """root: the checkout; music: the folder it learns from; runs: of its first `dvc repro`, by stage."""

    root: Path
    music: Path
    store: Path
    runs: dict[str, Run] = field(default_factory=dict)

    def repro(self, *arguments: str) -> Run:
        """`dvc repro` with `arguments`."""
        started, before_s = time.perf_counter(), used_by_children_s()
        process = self._start(sys.executable, "-m", "dvc", "repro", *arguments)
        peak = _Peak(process.pid)
        said, _ = process.communicate()
        taken = time.perf_counter() - started
        peak.stop()
        if process.returncode:
            raise SystemExit(f"dvc repro {' '.join(arguments)} failed in {self.root}:\n{said}")
        return Run(taken, used_by_children_s() - before_s, peak.highest_mb, said)

    def use(self) -> None:
        """`earmark use` of the music."""
        self.run(earmark(), "use", str(self.music))

    def run(self, *command: str) -> str:
        """What a command says that must succeed in this checkout."""
        process = self._start(*command)
        said, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed in {self.root}:\n{said}")
        return said

    def _start(self, *command: str) -> subprocess.Popen:
        environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
        environment |= {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.root / "src"),
            "EARMARK_STORE": str(self.store),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
        }
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=self.root, env=environment, **pipes)


def made(settings: Settings, name: str, overrides: list[str], music: Path | None = None) -> Checkout:
    """A checkout that learns from the folder `music` (default: an empty one of its own) by `overrides`."""
    folder = settings.scratch / name
    checkout = Checkout(folder / "project", music or folder / "music", folder / "store")
    _copy(settings.project, checkout.root)
    lines = "".join(f"  - {override}\n" for override in overrides)
    (checkout.root / "overrides.yaml").write_text(f"overrides:\n{lines}")
    return checkout


@cache
def finished(settings: Settings, count: int) -> Checkout:
    """A checkout that has learned from `count` pieces, with a store of its own; made once in a run."""
    checkout = made(settings, f"synthetic-{count}", CHEAP)
    write_corpus(checkout.music, count)
    checkout.use()
    for stage in STAGES:
        checkout.runs[stage] = checkout.repro("-s", stage)
        say(f"{count} pieces, {stage}: {checkout.runs[stage].seconds:.1f} s")
    return checkout


def _copy(project: Path, to: Path) -> None:
    """The project's files as they are now, in a git repository of their own: DVC wants one."""
    listed = _git(project, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, listed):
        source, target = project / name, to / name
        if source.is_file() or source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    _git(to, "init", "-q")
    for name in ("dvc.lock", "data/source"):  # what the project itself learned from is not learned here
        (to / name).unlink(missing_ok=True)


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


class _Peak:
    """Watches the main process of whatever stage runs below a process."""

    def __init__(self, process: int) -> None:
        self.highest_mb = 0.0
        self._process, self._over = process, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(POLL_S):
            for child in _descendants(self._process):
                try:
                    if b"stages/" in Path(f"/proc/{child}/cmdline").read_bytes():
                        self.highest_mb = max(self.highest_mb, peak_rss_mb(child))
                except OSError:
                    continue  # it has just ended


def _descendants(process: int) -> list[int]:
    try:
        text = Path(f"/proc/{process}/task/{process}/children").read_text()
    except OSError:
        return []
    children = [int(word) for word in text.split()]
    return children + [found for child in children for found in _descendants(child)]
