"""Which MLflow runs the processes of this checkout have open, so that those of killed ones can be ended.

A process that is killed leaves its run RUNNING, and nobody else knows. So each open run has a file that its
process keeps locked: the system releases the lock when the process ends, however that ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.run_record import KILLED, RUNNING
from earmark.pipeline.tracking.server import server, tracking_uri, usable

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

ERROR_TAG = "earmark.error"
_held: dict[str, FileLock] = {}  # of this process, by run id


class OpenRuns:
    """The files of one server's runs, below mlartifacts/.open of the checkout."""

    def __init__(self, project: Path, uri: str) -> None:
        """Take a checkout and the address of a server, which alone knows the ids."""
        self._folder = project / "mlartifacts" / ".open" / hashlib.sha256(uri.encode()).hexdigest()[:10]
        self._one_at_a_time = FileLock(project / ".mlflow.lock")

    def add(self, run_id: str) -> None:
        """This process has the run open from now on."""
        if run_id in _held:
            return
        with self._one_at_a_time:  # until the file is locked it would look like that of a killed process
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self._folder / run_id, timeout=0)
            with suppress(Timeout):  # another process has it open, too, and ends it
                lock.acquire()
                _held[run_id] = lock

    def remove(self, run_id: str) -> None:
        """The run has ended."""
        if lock := _held.pop(run_id, None):
            Path(lock.lock_file).unlink(missing_ok=True)
            lock.release()

    def any_abandoned(self) -> bool:
        """Whether there may be runs of killed processes; a look at files only."""
        return any(path.name not in _held for path in self._files())

    def abandoned(self) -> Iterator[str]:
        """Yield the ids of runs whose processes were killed; afterwards they are forgotten."""
        for path in self._files():
            lock = FileLock(path, timeout=0)
            if path.name in _held:
                continue
            with suppress(Timeout), self._one_at_a_time, lock:
                yield path.name
                path.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        return sorted(self._folder.iterdir()) if self._folder.is_dir() else []


def end_killed_runs(client: MlflowClient, open_runs: OpenRuns) -> None:
    """End the runs of processes that were killed before they could do so."""
    from mlflow.exceptions import MlflowException

    for run_id in open_runs.abandoned():
        with suppress(MlflowException):  # somebody deleted it
            if client.get_run(run_id).info.status == RUNNING:
                client.set_tag(run_id, ERROR_TAG, "its process was killed")
                client.set_terminated(run_id, status=KILLED)


def tidy(workspace: Workspace) -> None:
    """End the runs of killed processes before somebody looks at them; MLflow is loaded only for that."""
    uri = tracking_uri(workspace)
    if not (open_runs := OpenRuns(workspace.project, uri)).any_abandoned():
        return
    server(workspace)
    from mlflow.tracking import MlflowClient

    with usable(uri):
        end_killed_runs(MlflowClient(uri), open_runs)
