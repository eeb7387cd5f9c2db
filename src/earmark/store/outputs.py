"""Fill a stage's output folder from the store: what is there is linked, what is missing is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from earmark.foundation.errors import EarmarkError
from earmark.store import Store, keep_only, link
from earmark.store.executor import Executor, Failure

CONNECTIONS = 8  # downloads side by side


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
        self.store.on_this_machine().fetch(self.kind, task.key, Path(task.name).suffix, task.make)


def fill(
    store: Store, executor: Executor, kind: str, tasks: Sequence[Task], folder: Path, what: str
) -> dict[str, str]:
    """Make `folder` hold exactly the files of `tasks`; the reason by piece_id where one failed."""
    with store.in_use():
        missing = [task for task in tasks if not store.find(kind, task.key, Path(task.name).suffix)]
        results = executor.map(_Fetch(store, kind), missing, what) if missing else []
        reasons = {
            task.piece_id: result.reason
            for task, result in zip(missing, results, strict=True)
            if isinstance(result, Failure)
        }
        done = [task for task in tasks if task.piece_id not in reasons]
        _bring(store, kind, [task for task in missing if task.piece_id not in reasons])
        keep_only(folder, {task.name for task in done})
        for task in done:
            link(store.path(kind, task.key, Path(task.name).suffix), folder / task.name)
    return reasons


def _bring(store: Store, kind: str, tasks: Sequence[Task]) -> None:
    """Have here what workers of another machine made. Raises EarmarkError where there is no way."""
    away = [task for task in tasks if not store.find(kind, task.key, Path(task.name).suffix)]
    if not away:
        return
    from joblib import Parallel, delayed

    pulls = (delayed(store.pull)(kind, task.key, Path(task.name).suffix) for task in away)
    if not all(Parallel(n_jobs=CONNECTIONS, backend="threading")(pulls)):
        raise EarmarkError(
            f"workers made {kind} that is not in {store.root}: it must be on a disk that they share with "
            "this machine, or store.url be set"
        )
