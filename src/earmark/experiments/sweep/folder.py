"""A sweep's folder below runs/: `sweep.json` says what the sweep is, a folder for each job what came of it.

Jobs read it wherever they run: in this process, in joblib's workers, on a cluster that shares the disk.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.pipeline.settings.config import override_key
from earmark.pipeline.tracking.run_record import RunRecord

SWEEP_FILE = "sweep.json"


@dataclass(frozen=True)
class Sweep:
    """overrides: as given, but for those of Hydra and of `sweep`. constant: keys of those that do not vary.

    experiment, parent: where MLflow has it, and the id of its run. started: ISO 8601, UTC.
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
        """The sweep of a folder, or None where it is none."""
        try:
            text = (folder / SWEEP_FILE).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        found = json.loads(text)
        lists = {name: tuple(found[name]) for name in ("overrides", "constant")}
        return cls(**{**found, **lists, "folder": folder})

    def write(self) -> None:
        """Write `sweep.json` into the folder."""
        content = {name: value for name, value in asdict(self).items() if name != "folder"}
        write_text(self.folder / SWEEP_FILE, json.dumps(content, indent=2) + "\n")

    def varying(self, overrides: Sequence[str]) -> list[str]:
        """Of a job's overrides those that make it another than the sweep's other jobs."""
        return [item for item in overrides if override_key(item) not in self.constant]

    def job_name(self, overrides: Sequence[str]) -> str:
        """What a job is called: by the overrides that vary."""
        return ", ".join(self.varying(overrides)) or "default"

    def jobs(self) -> list[tuple[Path, RunRecord]]:
        """Folder and record of every job that began, in the order of their numbers."""
        found = [(file.parent, RunRecord.read(Workspace.at(file.parent).run_file)) for file in self._files()]
        return [(folder, record) for folder, record in found if record and record.parent == self.parent]

    def _files(self) -> list[Path]:
        def number(file: Path) -> tuple[int, str]:
            name = file.parent.name
            return (int(name), "") if name.isdecimal() else (1 << 30, name)

        return sorted(self.folder.glob(f"*/{Workspace.at(self.folder).run_file.name}"), key=number)


def lasting(overrides: Sequence[str]) -> tuple[str, ...]:
    """Overrides without those that say how to run: Hydra's own, and the section `sweep`."""
    passing = ("hydra", "sweep.")
    return tuple(item for item in overrides if not override_key(item).startswith(passing))


def find_sweep(runs: Path, stage: str, overrides: Sequence[str]) -> Sweep:
    """The newest sweep below `runs` of these overrides. Raises EarmarkError where there is none."""
    folders = [file.parent for depth in ("*", "*/*") for file in runs.glob(f"{depth}/{SWEEP_FILE}")]
    wanted = lasting(overrides)
    found = [
        sweep
        for folder in folders
        if (sweep := Sweep.read(folder)) and (sweep.stage, sweep.overrides) == (stage, wanted)
    ]
    if not found:
        raise EarmarkError(
            f"sweep.resume=true: no sweep of {stage} below {runs} had the overrides {' '.join(wanted)}; "
            "repeat its command line as it was, or begin one without sweep.resume"
        )
    return max(found, key=lambda sweep: sweep.started)
