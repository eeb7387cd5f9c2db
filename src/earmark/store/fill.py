"""Fill a stage's output folder from the store: what is there is linked, what is missing is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from earmark.foundation.errors import EarmarkError
from earmark.store import Store, keep_only, link
from earmark.store.executor import Executor, Failure

CONNECTIONS = 8  # downloads at once


@dataclass(frozen=True)
class Task:
    """One file of the output folder.

    Attributes:
        piece_id: The piece that it is of.
        key: Of its entry in the store.
        name: In the output folder; its suffix is the entry's.
        make: Writes it to a path where the store has no such entry. It is sent to a worker process: a
            `functools.partial` of a module's function.
    """

    piece_id: str
    key: str
    name: str
    make: Callable[[Path], None]

    @property
    def suffix(self) -> str:
        """Of the entry."""
        return Path(self.name).suffix


@dataclass(frozen=True)
class _Fetch:
    store: Store
    kind: str

    def __call__(self, task: Task) -> None:
        self.store.on_this_machine().fetch(self.kind, task.key, task.suffix, task.make)


def fill(
    store: Store, executor: Executor, kind: str, tasks: Sequence[Task], folder: Path, what: str
) -> dict[str, str]:
    """Make a folder hold exactly the files of some tasks.

    Args:
        store: Where they are kept.
        executor: Where those that are missing are made.
        kind: Of their entries.
        tasks: The files.
        folder: Other files in it are removed.
        what: What is done, for people.

    Returns:
        The reason by piece_id where one failed.

    Raises:
        EarmarkError: The function of a task raised one that is not about its piece, or what workers made is
            not in the store of this machine.
    """
    with store.in_use():
        missing = [task for task in tasks if not store.find(kind, task.key, task.suffix)]
        results = executor.map(_Fetch(store, kind), missing, what) if missing else []
        reasons = {
            task.piece_id: result.reason
            for task, result in zip(missing, results, strict=True)
            if isinstance(result, Failure)
        }
        done = [task for task in tasks if task.piece_id not in reasons]
        _download(store, kind, [task for task in missing if task.piece_id not in reasons])
        keep_only(folder, {task.name for task in done})
        for task in done:
            link(store.path(kind, task.key, task.suffix), folder / task.name)
    return reasons


def _download(store: Store, kind: str, tasks: Sequence[Task]) -> None:
    """Download what workers of another machine made. Raises EarmarkError where it is not shared."""
    elsewhere = [task for task in tasks if not store.find(kind, task.key, task.suffix)]
    if not elsewhere:
        return
    from joblib import Parallel, delayed

    pulls = (delayed(store.pull)(kind, task.key, task.suffix) for task in elsewhere)
    if not all(Parallel(n_jobs=CONNECTIONS, backend="threading")(pulls)):
        raise EarmarkError(
            f"workers made {kind} that is not in {store.root}: it must be on a disk that they share with "
            "this machine, or store.url be set"
        )
