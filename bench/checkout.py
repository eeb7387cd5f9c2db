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
# Little work for each piece, so that what a stage costs beside it shows.
CHEAP = [
    "experiment=composer_convnet",
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
    """One `dvc repro`.

    Attributes:
        seconds: By the clock.
        used_s: Processor time of all its processes, seconds.
        peak_mb: The most memory of the stage's main process.
        output: What it printed.
    """

    seconds: float
    used_s: float
    peak_mb: float
    output: str


@dataclass(frozen=True)
class Checkout:
    """A checkout of its own.

    Attributes:
        root: Its folder.
        music: The folder that it learns from.
        store: Its store.
        runs: Its first `dvc repro` of each stage.
    """

    root: Path
    music: Path
    store: Path
    runs: dict[str, Run] = field(default_factory=dict)

    def repro(self, *arguments: str) -> Run:
        """Run `dvc repro` with these arguments. Raises SystemExit where it fails."""
        started, before_s = time.perf_counter(), used_by_children_s()
        process = self._start(sys.executable, "-m", "dvc", "repro", *arguments)
        peak = _Peak(process.pid)
        output, _ = process.communicate()
        taken = time.perf_counter() - started
        peak.stop()
        if process.returncode:
            raise SystemExit(f"dvc repro {' '.join(arguments)} failed in {self.root}:\n{output}")
        return Run(taken, used_by_children_s() - before_s, peak.highest_mb, output)

    def use(self) -> None:
        """Run `earmark use` on the music."""
        self.run(earmark(), "use", str(self.music))

    def run(self, *command: str) -> str:
        """What a command prints in this checkout. Raises SystemExit where it fails."""
        process = self._start(*command)
        output, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"{' '.join(command)} failed in {self.root}:\n{output}")
        return output

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


def new_checkout(settings: Settings, name: str, overrides: list[str], music: Path | None = None) -> Checkout:
    """A checkout in which nothing has run.

    Args:
        settings: Of the benchmarks.
        name: Of its folder.
        overrides: Of its configuration.
        music: The folder that it learns from; by default one of its own, not made yet.
    """
    folder = settings.scratch / name
    checkout = Checkout(folder / "project", music or folder / "music", folder / "store")
    _copy(settings.project, checkout.root)
    lines = "".join(f"  - {override}\n" for override in overrides)
    (checkout.root / "overrides.yaml").write_text(f"overrides:\n{lines}")
    return checkout


@cache
def finished_checkout(settings: Settings, count: int) -> Checkout:
    """A checkout in which every stage has run on so many pieces; made once in a run of the benchmarks."""
    checkout = new_checkout(settings, f"synthetic-{count}", CHEAP)
    write_corpus(checkout.music, count)
    checkout.use()
    for stage in STAGES:
        checkout.runs[stage] = checkout.repro("-s", stage)
        say(f"{count} pieces, {stage}: {checkout.runs[stage].seconds:.1f} s")
    return checkout


def _copy(project: Path, to: Path) -> None:
    """Copy the project's files as they are now into a git repository of their own, which DVC needs."""
    listed = _git(project, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    for name in filter(None, listed):
        source, target = project / name, to / name
        if source.is_file() or source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    _git(to, "init", "-q")
    for name in ("dvc.lock", "data/source"):  # what the project itself learned from
        (to / name).unlink(missing_ok=True)


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


class _Peak:
    """The most memory of the main process of any stage that runs below a process, by polling."""

    def __init__(self, process: int) -> None:
        self.highest_mb = 0.0
        self._process, self._ended = process, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(POLL_S):
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
    return children + [grandchild for child in children for grandchild in _descendants(child)]
