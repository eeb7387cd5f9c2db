"""A sweep's folder below runs/: `sweep.json` describes the sweep, a folder for each job has its results.

Jobs read it wherever they run: in this process, in joblib's workers, on a cluster that shares the disk.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.pipeline.settings.config import override_key
from earmark.pipeline.tracking.run_record import RunRecord

SWEEP_FILE = "sweep.json"
LOCK_FILE = ".sweep.lock"


@dataclass(frozen=True)
class Sweep:
    """A sweep as `sweep.json` describes it.

    Attributes:
        folder: Its folder.
        stage: The script that was called.
        overrides: Of its command line and overrides.yaml, see `lasting`.
        constant: Keys of the overrides that do not vary.
        experiment: Where MLflow keeps it.
        parent: The id of its run in MLflow.
        started: ISO 8601, UTC.
    """

    folder: Path
    stage: str
    overrides: tuple[str, ...]
    constant: tuple[str, ...]
    experiment: str
    parent: str
    started: str

    @classmethod
    def read(cls, folder: Path) -> Sweep | None:
        """The sweep of a folder; None where the folder is not that of a sweep."""
        try:
            text = (folder / SWEEP_FILE).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        content = json.loads(text)
        lists = {name: tuple(content[name]) for name in ("overrides", "constant")}
        return cls(**{**content, **lists, "folder": folder})

    def write(self) -> None:
        """Write `sweep.json` into the folder."""
        content = {name: value for name, value in asdict(self).items() if name != "folder"}
        write_text(self.folder / SWEEP_FILE, json.dumps(content, indent=2) + "\n")

    def varying(self, overrides: Sequence[str]) -> list[str]:
        """Those of a job's overrides that vary between the jobs of the sweep."""
        return [item for item in overrides if override_key(item) not in self.constant]

    def job_name(self, overrides: Sequence[str]) -> str:
        """The name of a job: its overrides that vary."""
        return ", ".join(self.varying(overrides)) or "default"

    def jobs(self) -> list[tuple[Path, RunRecord]]:
        """Folder and record of every job that began, in the order of their numbers."""
        records = [(file.parent, RunRecord.read(file)) for file in self._run_files()]
        return [(folder, record) for folder, record in records if record and record.parent == self.parent]

    def _run_files(self) -> list[Path]:
        def number(file: Path) -> tuple[int, str]:
            name = file.parent.name
            return (int(name), "") if name.isdecimal() else (1 << 30, name)

        return sorted(self.folder.glob(f"*/{Workspace.at(self.folder).run_file.name}"), key=number)


def lasting(overrides: Sequence[str]) -> tuple[str, ...]:
    """Overrides without those that say how to run: Hydra's own, and the section `sweep`."""
    transient = ("hydra", "sweep.")
    return tuple(item for item in overrides if not override_key(item).startswith(transient))


def lock_sweep(folder: Path) -> FileLock:
    """Lock the folder of a sweep for this process; the system releases the lock when the process ends.

    Args:
        folder: Made where it is missing.

    Returns:
        The lock, which is there as long as somebody has it.

    Raises:
        EarmarkError: Another process has it: it runs the sweep.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK_FILE, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise EarmarkError(
            f"another process runs the sweep in {folder}: let it end, or end it; what it did is kept"
        ) from error
    return lock


def find_sweep(runs: Path, stage: str, overrides: Sequence[str]) -> Sweep:
    """The newest sweep below `runs` of these overrides.

    Args:
        runs: The folder with all runs.
        stage: The script of the sweep.
        overrides: Of the sweep's command line and overrides.yaml.

    Raises:
        EarmarkError: There is none.
    """
    folders = [file.parent for depth in ("*", "*/*") for file in runs.glob(f"{depth}/{SWEEP_FILE}")]
    wanted = lasting(overrides)
    matches = [
        sweep
        for folder in folders
        if (sweep := Sweep.read(folder)) and (sweep.stage, sweep.overrides) == (stage, wanted)
    ]
    if not matches:
        raise EarmarkError(
            f"sweep.resume=true: no sweep of {stage} below {runs} had the overrides {' '.join(wanted)}; "
            "repeat its command line as it was, or begin one without sweep.resume"
        )
    return max(matches, key=lambda sweep: sweep.started)
