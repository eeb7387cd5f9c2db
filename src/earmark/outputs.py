"""Fill a stage's output folder from the store: what is there is linked, what is missing is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from earmark.executor import Failure, Loky
from earmark.store import Store, keep_only, link


@dataclass(frozen=True)
class Task:
    """One file of the output folder: `make(path)` writes it when the store has no entry `key`.

    `make` travels to a worker process: a `functools.partial` of a module's function.
    """

    piece_id: str
    key: str
    name: str
    make: Callable[[Path], None]


@dataclass(frozen=True)
class _Fetch:
    store: Store
    kind: str

    def __call__(self, task: Task) -> None:
        self.store.fetch(self.kind, task.key, Path(task.name).suffix, task.make)


def fill(
    store: Store, executor: Loky, kind: str, tasks: Sequence[Task], folder: Path, what: str
) -> dict[str, str]:
    """Make `folder` hold exactly the files of `tasks`; the reason by piece_id where one failed."""
    missing = [task for task in tasks if not store.find(kind, task.key, Path(task.name).suffix)]
    results = executor.map(_Fetch(store, kind), missing, what) if missing else []
    reasons = {
        task.piece_id: result.reason
        for task, result in zip(missing, results, strict=True)
        if isinstance(result, Failure)
    }
    done = [task for task in tasks if task.piece_id not in reasons]
    keep_only(folder, {task.name for task in done})
    for task in done:
        link(store.path(kind, task.key, Path(task.name).suffix), folder / task.name)
    return reasons
