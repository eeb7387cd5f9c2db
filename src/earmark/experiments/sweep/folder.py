"""A sweep's folder below runs/: `sweep.json` describes the sweep, a folder for each job has its results.

Jobs read it wherever they run: in this process, in joblib's workers, on a cluster that shares the disk.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from earmark.foundation.atomic import write_text
from earmark.foundation.workspace import Workspace
from earmark.pipeline.settings.config import override_key
from earmark.pipeline.tracking.run_record import RunRecord

SWEEP_FILE = "sweep.json"


@dataclass(frozen=True)
class Sweep:
    """A sweep as `sweep.json` describes it.

    Attributes:
        folder: Its folder.
        stage: The script that was called.
        overrides: Of its command line and overrides.yaml, see `resume.lasting`.
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

    def shared(self, overrides: Sequence[str]) -> list[str]:
        """Those of a job's overrides that all jobs of the sweep have."""
        return [item for item in overrides if override_key(item) in self.constant]

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
