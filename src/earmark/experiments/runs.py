"""Read the runs that MLflow has; neither an experiment nor a database is made.

Runs whose processes were killed are ended before.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from earmark.evaluation.metric_table import FoldResult
from earmark.evaluation.pooling import FOLD
from earmark.evaluation.verification import TRIALS_FILE
from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import read_table
from earmark.pipeline.tracking.open_runs import OpenRuns, end_killed_runs
from earmark.pipeline.tracking.server import server, usable
from earmark.pipeline.tracking.sqlite import shown_uri
from earmark.pipeline.tracking.tracker import PARENT_TAG

if TYPE_CHECKING:
    from mlflow.entities import Run as MlflowRun

PAGE = 1000  # runs a request
QUIET = {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}


@dataclass(frozen=True)
class Run:
    """One run as MLflow has it.

    Attributes:
        run_id: Its id.
        name: For people; "" where it has none.
        experiment: The name of its experiment.
        status: RUNNING, FINISHED, FAILED or KILLED, or another one of MLflow's.
        start: Milliseconds since 1970.
        params: Its settings under dotted names, as text.
        metrics: The last value of each.
        tags: Its tags.
    """

    run_id: str
    name: str
    experiment: str
    status: str
    start: int
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def parent(self) -> str | None:
        """The run of its sweep; None for a single run."""
        return self.tags.get(PARENT_TAG)

    @property
    def finished(self) -> bool:
        """Whether it ended without an error."""
        return self.status == "FINISHED"


class Runs:
    """The runs on the server that MLFLOW_TRACKING_URI names, or in mlflow.db of the checkout."""

    def __init__(self, workspace: Workspace) -> None:
        """Connect to the server.

        Args:
            workspace: The checkout.

        Raises:
            EarmarkError: There is none, or it cannot be reached.
        """
        database = workspace.project / "mlflow.db"
        given = os.environ.get("MLFLOW_TRACKING_URI")
        if not given and not database.is_file():
            raise EarmarkError(f"{database} is not there: no run was kept in this project yet (dvc repro)")
        self.uri = server(workspace)
        from mlflow.tracking import MlflowClient

        with usable(self.uri):
            self._client = MlflowClient(self.uri)
            end_killed_runs(self._client, OpenRuns(workspace.project, self.uri))
            experiments = self._client.search_experiments()
        self.experiments = {item.name: item.experiment_id for item in experiments}

    def of(self, experiment: str) -> list[Run]:
        """All runs of an experiment, the newest first.

        Raises:
            EarmarkError: There is no such experiment.
        """
        if experiment not in self.experiments:
            known = ", ".join(sorted(set(self.experiments) - {"Default"})) or "none"
            raise EarmarkError(f"no experiment {experiment} in {shown_uri(self.uri)}: there are {known}")
        return self._search([experiment])

    def every(self) -> list[Run]:
        """All runs of all experiments, the newest first."""
        return self._search(list(self.experiments))

    def _search(self, experiments: Sequence[str]) -> list[Run]:
        names = {self.experiments[name]: name for name in experiments}
        runs, token = [], None
        with self._one_line():
            while True:
                page = self._client.search_runs(
                    list(names), max_results=PAGE, order_by=["attributes.start_time DESC"], page_token=token
                )
                runs += [_run(item, names) for item in page]
                token = page.token
                if not token:
                    return runs

    def text(self, run: Run, artifact: str) -> str | None:
        """An artifact's text, None where the run has no such."""
        with self._artifact(run, artifact) as file:
            return file.read_text(encoding="utf-8") if file else None

    def verdicts(self, run: Run) -> pd.DataFrame | None:
        """The verdicts of its evaluation, None where they were not kept."""
        return self._table(run, "evaluation/verdicts.csv")

    def result(self, run: Run) -> FoldResult | None:
        """What its evaluation wrote, None where the verdicts were not kept."""
        verdicts = self.verdicts(run)
        if verdicts is None:
            return None
        return FoldResult(run.params.get(FOLD, "?"), verdicts, self._table(run, f"plots/{TRIALS_FILE}"))

    def _table(self, run: Run, artifact: str) -> pd.DataFrame | None:
        with self._artifact(run, artifact) as file:
            return read_table(file) if file else None

    def config(self, run: Run) -> dict[str, Any] | None:
        """The resolved config that it ran with, None where that was not kept."""
        text = self.text(run, "config.yaml")
        return json.loads(text) if text else None

    @contextmanager
    def _artifact(self, run: Run, path: str) -> Iterator[Path | None]:
        """A temporary copy of it; None where the run has no such."""
        os.environ.update(QUIET)
        with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
            with self._one_line():
                present = {
                    item.path for item in self._client.list_artifacts(run.run_id, str(Path(path).parent))
                }
                copy = self._client.download_artifacts(run.run_id, path, folder) if path in present else None
            yield Path(copy) if copy else None

    @contextmanager
    def _one_line(self) -> Iterator[None]:
        """What MLflow raises as an EarmarkError of one line."""
        try:
            yield
        except EarmarkError:
            raise
        except Exception as error:  # MLflow raises its own, the server's and the disk's
            raise EarmarkError(f"MLflow at {shown_uri(self.uri)} refuses: {describe(error)}") from error


def _run(run: MlflowRun, experiments: dict[str, str]) -> Run:
    info, data = run.info, run.data
    return Run(
        run_id=info.run_id,
        name=info.run_name or "",
        experiment=experiments[info.experiment_id],
        status=info.status,
        start=info.start_time,
        params=dict(data.params),
        metrics=dict(data.metrics),
        tags=dict(data.tags),
    )
