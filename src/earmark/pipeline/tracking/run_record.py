"""What a run from the shell says of itself: `run.json` in its folder.

The stages of the run find the MLflow run there that was opened for them all; a sweep reads which of its
jobs are finished. `dvc repro` writes none.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from earmark.foundation.atomic import write_text

RUNNING, FINISHED, FAILED, KILLED = "RUNNING", "FINISHED", "FAILED", "KILLED"  # MLflow's words


@dataclass(frozen=True)
class RunRecord:
    """status: MLflow's. run_id, experiment: where MLflow has it. parent: run id of its sweep, if any.

    overrides: all that composed its config. digest: of that config. log_bundle: its setting. score: on
    validation, once finished. error: in one line, where it failed.
    """

    status: str
    run_id: str
    experiment: str
    parent: str = ""
    overrides: tuple[str, ...] = ()
    digest: str = ""
    log_bundle: str = "none"
    score: float | None = None
    error: str = ""

    @classmethod
    def read(cls, file: Path) -> RunRecord | None:
        """The record, or None where there is none."""
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        fields = json.loads(text)
        return cls(**{**fields, "overrides": tuple(fields["overrides"])})

    def write(self, file: Path) -> None:
        """Write the record as JSON, whole or not at all."""
        write_text(file, json.dumps(asdict(self), indent=2) + "\n")
