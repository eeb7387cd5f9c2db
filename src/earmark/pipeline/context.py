"""From a config to the objects that several stages need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from earmark.foundation.progress import say
from earmark.foundation.targets import build
from earmark.foundation.words import printable
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import QUARANTINE_COLUMNS, quarantine_rows, write_table
from earmark.pipeline.settings.schema import Config
from earmark.store import Store
from earmark.store.executor import Executor
from earmark.store.fill import Task


@dataclass(frozen=True)
class Context:
    """A stage's config and workspace, and what follows from them."""

    config: Config
    workspace: Workspace

    @cached_property
    def store(self) -> Store:
        """The store of the settings."""
        return Store.of(self.config.store.path, self.config.store.url, self.workspace.project)

    @cached_property
    def executor(self) -> Executor:
        """What maps functions over pieces."""
        return build(self.config.executor, "executor")

    def report_failures(self, stage: str, pieces: pd.DataFrame, reasons: dict[str, str]) -> None:
        """Write what a stage could not do to `data/failures/<stage>.csv`, and say it."""
        rows = quarantine_rows(pieces, reasons, stage)
        write_table(rows.reindex(columns=QUARANTINE_COLUMNS), self.failures(stage))
        for row in rows.itertuples():
            say(f"{stage}: left out {printable(str(row.path))}: {printable(str(row.reason))}")

    def digest_table(self, kind: str, tasks: Sequence[Task], reasons: Mapping[str, str]) -> pd.DataFrame:
        """piece_id and sha256 of the store's entry for every task that did not fail."""
        entries = {
            task.piece_id: self.store.path(kind, task.key, Path(task.name).suffix)
            for task in tasks
            if task.piece_id not in reasons
        }
        rows = [(piece_id, self.store.digest(entry)) for piece_id, entry in entries.items()]
        return pd.DataFrame(rows, columns=["piece_id", "sha256"])

    def failures(self, stage: str) -> Path:
        """The table of pieces that a stage could not process."""
        return self.workspace.data / "failures" / f"{stage}.csv"
