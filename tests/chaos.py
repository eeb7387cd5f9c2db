"""Kill, interrupt and starve stages at random moments; what they leave must be as if nothing had happened.

    python tests/chaos.py --kills 50 --interrupts 20 --report chaos.json

A small corpus goes through all stages once, undisturbed. Then for each fault a stage's outputs are removed,
and often the store, the stage begins anew and meets the fault at a random moment; afterwards it runs to its
end. Each time the whole checkout must have the bytes of the undisturbed one, without a file more. Stages are
started as `dvc repro` starts them, but from a process that has loaded the libraries already (fork), each in a
session of its own.
"""

from __future__ import annotations

import argparse
import atexit
import hashlib
import importlib.util
import json
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]
STAGES = ("ingest", "render", "validate", "features", "split", "train", "evaluate")
FURTHER = ("trainer.max_epochs=6", "trainer.patience=6", "tracking.experiment=chaos")
# Logs and caches that differ with every run by their nature.
UNCOMPARED = re.compile(
    r"^(\.cache|mlflow\.db.*|mlartifacts|outputs|runs|\.mlflow\.lock|src|tmp|log\.txt)(/|$)"
)
FAULTS = ("kill", "interrupt", "disk", "worker", "store")
SMALLEST_LIMIT, LARGEST_LIMIT = 2_000, 300_000  # bytes of a file on the "full disk"
SHARE = 0.8  # of its usual time within which a stage is met
# The stages whose turn it is: those that write a file for each piece come more often.
TURNS = (*STAGES, "ingest", "render", "validate", "features", "render", "features", "train")
WITH_WORKERS, START_S = 0.2, 3.0  # share of the kills that meet worker processes, and how long these begin
STRAY = re.compile(r"^\..*\.tmp|\.tmp$|\.lock$|\.ckpt$")


class Checkout:
    """A checkout with a small corpus of its own, and its stages."""

    def __init__(self, folder: Path) -> None:
        """Make the corpus, and settings under which a stage takes a second or two."""
        self.folder, self.log = folder / "checkout", folder / "log.txt"
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        self.sessions: list[int] = []
        small = _module(PROJECT / "tests" / "pipeline" / "conftest.py")
        music = folder / "music"
        rows = ["path,label,group,role", *small.write_corpus(music)]
        (music / "catalog.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        for name in ("conf", "stages"):
            shutil.copytree(PROJECT / name, self.folder / name)
        shutil.copy(PROJECT / "dvc.yaml", self.folder)
        overrides = yaml.safe_dump({"overrides": [*small.SMALL, *FURTHER]})
        (self.folder / "overrides.yaml").write_text(overrides, encoding="utf-8")
        from earmark.music.sources.choice import use_csv

        use_csv(self.folder / "data" / "source", music / "catalog.csv")
        stages = yaml.safe_load((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
        self.outputs = {
            name: [
                next(iter(item)) if isinstance(item, dict) else item
                for item in (*stages[name].get("outs", []), *stages[name].get("metrics", []))
            ]
            for name in STAGES
        }

    def start(self, stage: str, most_bytes: int = 0, workers: int = 1, **variables: str) -> int:
        """Start a stage; the id of its process.

        Args:
            stage: Its name.
            most_bytes: Of any file that it writes; 0 for no limit.
            workers: Processes that compute; 1 for the stage's own.
            **variables: Of its environment.
        """
        process = os.fork()
        if process == 0:
            self._run(stage, most_bytes, workers, variables)
        self.sessions.append(process)
        return process

    def _run(self, stage: str, most_bytes: int, workers: int, variables: dict[str, str]) -> None:
        """The stage, in the child; does not return."""
        status, has_begun = 70, False
        try:
            os.setsid()
            signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where this was started by "&"
            os.chdir(self.folder)
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.environ.update(variables, TMPDIR=str(self.scratch))
            tempfile.tempdir = None
            if most_bytes:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
            script = self.folder / "stages" / f"{stage}.py"
            frozen = ["-cn", "frozen", *([f"executor.workers={workers}"] if workers > 1 else [])]
            sys.argv = [str(script), *([] if stage == "compose" else frozen)]
            from earmark.experiments.launch import launch

            has_begun = True
            launch(str(script))
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and not has_begun:
                status = 130  # before the stage's first line: what Python itself does then
            else:
                traceback.print_exc()
        finally:
            with suppress(BaseException):  # as the interpreter ends: workers first
                threading._shutdown()
                atexit._run_exitfuncs()
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def finish(self, stage: str) -> float:
        """Run a stage to its end, undisturbed; how long it took, seconds."""
        began = time.monotonic()
        status = ended(self.start(stage))
        if status:
            raise AssertionError(f"{stage} ended with {status}: {self.said()}")
        return time.monotonic() - began

    def said(self) -> str:
        """What the last stage printed."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def files(self) -> dict[str, str]:
        """The digest of every file that is compared, by path."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and not UNCOMPARED.match(name):
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def clear(self, stage: str, with_store: bool) -> None:
        """Remove what a stage wrote, and the store."""
        for output in self.outputs[stage]:
            path = self.folder / output
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        if with_store:
            shutil.rmtree(self.folder / ".cache", ignore_errors=True)

    def open_runs(self) -> int:
        """MLflow runs that nobody has ended."""
        with closing(sqlite3.connect(self.folder / "mlflow.db")) as database:
            query = "select count(*) from runs where status = 'RUNNING'"
            return int(database.execute(query).fetchone()[0])

    def processes(self) -> list[int]:
        """Processes of the sessions of all stages that were started."""
        found = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError, ValueError, IndexError):
                if not entry.name.isdigit():
                    continue
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) in self.sessions and fields[0] != "Z":
                    found.append(int(entry.name))
        return found


def ended(process: int) -> int:
    """Wait for a process; its exit status, negative for the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def disturb(checkout: Checkout, stage: str, fault: str, chance: random.Random, usual_s: float) -> str:
    """Start a stage and let the fault meet it at a random moment; how it ended.

    Raises:
        AssertionError: It ended in another way than is promised.
    """
    variables, limit = {}, 0
    if fault == "disk":
        limit = int(SMALLEST_LIMIT * (LARGEST_LIMIT / SMALLEST_LIMIT) ** chance.random())
    if fault == "store":
        variables = {"EARMARK_STORE": str(checkout.folder / "dvc.yaml" / "store")}  # nobody can write there
    workers = 2 if fault == "worker" or (fault == "kill" and chance.random() < WITH_WORKERS) else 1
    process = checkout.start(stage, limit, workers, **variables)
    if fault in ("kill", "interrupt", "worker"):
        time.sleep(chance.uniform(0, SHARE * usual_s) + (START_S if workers > 1 else 0))
        with suppress(ProcessLookupError):
            if fault == "kill":
                os.kill(process, signal.SIGKILL)
            elif fault == "interrupt":
                os.killpg(process, signal.SIGINT)
            else:
                others = [other for other in checkout.processes() if other != process]
                if others:
                    os.kill(chance.choice(others), signal.SIGKILL)
    status = ended(process)
    said = checkout.said()
    allowed = {
        "kill": (0, -signal.SIGKILL),
        "interrupt": (0, 130, -signal.SIGINT),
        "disk": (0, 1),
        "worker": (0, 1),
        "store": (0, 1),
    }[fault]
    assert status in allowed, f"{stage} under {fault} ended with {status}: {said}"
    if fault != "interrupt":
        assert "Traceback" not in said, f"{stage} under {fault}: {said}"
    if status == 1:
        last = said.strip().splitlines()[-1] if said.strip() else ""
        assert last.startswith(f"{stage}: error: "), f"{stage} under {fault} said: {said}"
    return "late" if status == 0 and fault in ("kill", "interrupt") else str(status)


def main() -> None:
    """Meet all faults and write what was seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for fault in FAULTS:
        parser.add_argument(f"--{fault}s", type=int, default=0, help=f"faults of the kind {fault}")
    parser.add_argument("--minutes", type=float, default=1e6, help="meet no further fault after so long")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", type=Path)
    given = parser.parse_args()
    for name in [name for name in os.environ if name.startswith(("MLFLOW", "EARMARK"))]:
        del os.environ[name]
    os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true")
    _load()
    chance = random.Random(given.seed)
    plan = [fault for fault in FAULTS for _ in range(getattr(given, f"{fault}s"))]
    chance.shuffle(plan)
    # Not TemporaryDirectory: a stage that ends in order would remove it, too, as this process' fork.
    folder = Path(tempfile.mkdtemp(prefix="earmark-chaos-"))
    try:
        report = _meet(folder, plan, chance, given.minutes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(report, indent=2))
    if given.report:
        given.report.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for name in ("processes", "open_mlflow_runs", "files"):
        assert not report["left"][name], f"{name} left behind: {report['left'][name]}"


def _meet(folder: Path, plan: list[str], chance: random.Random, minutes: float) -> dict[str, Any]:
    """Meet the faults in their order; what was seen."""
    ends = time.monotonic() + 60 * minutes
    checkout = Checkout(folder)
    checkout.finish("compose")
    usual_s = {stage: checkout.finish(stage) for stage in STAGES}
    print("undisturbed:", ", ".join(f"{stage} {usual_s[stage]:.1f} s" for stage in STAGES), flush=True)
    wanted = checkout.files()
    seen: Counter[str] = Counter()
    resumed = 0
    for number, fault in enumerate(plan):
        if time.monotonic() > ends:
            break
        stage = "render" if fault == "worker" else TURNS[number % len(TURNS)]
        checkout.clear(stage, with_store=fault == "worker" or chance.random() < 0.5)
        how = disturb(checkout, stage, fault, chance, usual_s[stage])
        checkout.finish(stage)
        resumed += "goes on after epoch" in checkout.said()
        found = checkout.files()
        other = sorted(name for name in {*wanted, *found} if wanted.get(name) != found.get(name))
        assert not other, f"{stage} after {fault}: {other[:10]} differ"
        seen[f"{fault}: {how}"] += 1
        print(f"{number + 1}/{len(plan)} {stage}: {fault} ({how}), then as before", flush=True)
    checkout.finish("evaluate")  # ends the MLflow runs of those killed last
    time.sleep(5)  # workers look for their parent every second
    left = {
        "processes": len(checkout.processes()),
        "open_mlflow_runs": checkout.open_runs(),
        "files": [str(path) for path in _stray(checkout.folder) if ".cache" not in path.parts],
        "of_killed_writers_in_the_store": len(_stray(checkout.folder / ".cache")),
        "in_the_temporary_folder": len(list(checkout.scratch.iterdir())),
    }
    return {"faults": dict(sorted(seen.items())), "trainings_resumed": resumed, "left": left}


def _stray(folder: Path) -> list[Path]:
    """Files of writers that did not end in order; MLflow's lock stays."""
    return [path for path in folder.rglob("*") if STRAY.search(path.name) and path.name != ".mlflow.lock"]


def _load() -> None:
    """Import what stages need, once for all of them."""
    import hydra  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import mlflow.tracking  # noqa: F401
    import pytorch_lightning  # noqa: F401
    import pytorch_metric_learning.losses  # noqa: F401
    import scipy.signal  # noqa: F401
    import sklearn.covariance  # noqa: F401

    for stage in STAGES:
        importlib.import_module(f"earmark.pipeline.{stage}")
    importlib.import_module("earmark.experiments.launch")
    importlib.import_module("earmark.learning.training")


def _module(path: Path):
    """A module by its file."""
    spec = importlib.util.spec_from_file_location("chaos_corpus", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
