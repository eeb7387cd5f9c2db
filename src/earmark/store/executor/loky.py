"""Worker processes on this machine, joblib's."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass

from earmark.foundation.errors import EarmarkError
from earmark.foundation.orphan import end_with
from earmark.foundation.progress import track
from earmark.store.executor.limit import SECONDS_PER_PIECE, Limited, check_seconds
from earmark.store.executor.outcome import Failure, Item, Result, check_workers, guarded, in_order


@dataclass(frozen=True)
class Loky:
    """Worker processes on this machine.

    Attributes:
        workers: How many; 0 for one per core. With one the function runs in this process.
        seconds_per_piece: After so many a piece fails; 0 for no limit.
    """

    workers: int = 0
    seconds_per_piece: float = SECONDS_PER_PIECE

    def __post_init__(self) -> None:
        check_workers(self.workers)
        check_seconds(self.seconds_per_piece)

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item], what: str, unit: str = "pieces"
    ) -> list[Result | Failure]:
        """Call a function on every item: see `Executor.map`."""
        from joblib import cpu_count

        workers = min(self.workers or cpu_count(), max(len(items), 1))
        function = Limited(function, self.seconds_per_piece)
        run = _run_here(function, items) if workers == 1 else _run_in_workers(function, items, workers)
        return in_order(track(run, len(items), what, unit), len(items))


def _run_here(
    function: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[tuple[int, Result | Failure | EarmarkError]]:
    for index, item in enumerate(items):
        yield guarded(function, index, item)


def _run_in_workers(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Iterator[tuple[int, Result | Failure | EarmarkError]]:
    """Yield outcomes as they come; after one that ends the run no more pieces begin, and it comes last."""
    from joblib import Parallel, delayed

    fatal: tuple[int, EarmarkError] | None = None

    def jobs() -> Iterator[tuple[int, Item]]:
        for index, item in enumerate(items):
            if fatal:
                return
            yield index, item

    parallel = Parallel(n_jobs=workers, return_as="generator_unordered", pre_dispatch="4*n_jobs")
    here = os.getpid()
    with warnings.catch_warnings():
        # loky replaces a worker that grew (ours load torch); no piece is lost by it.
        warnings.filterwarnings("ignore", message="A worker stopped while", category=UserWarning)
        # It also counts what it gives up when Ctrl-C ends the run.
        warnings.filterwarnings("ignore", message=r"\d+ tasks which were still", category=UserWarning)
        try:
            for outcome in parallel(delayed(_in_worker)(here, function, *job) for job in jobs()):
                assert outcome is not None  # joblib's annotation allows for it
                index, result = outcome
                # What is under way ends by itself: loky, told to drop it, may print a traceback.
                if fatal is None and isinstance(result, EarmarkError):
                    fatal = index, result
                elif fatal is None:
                    yield index, result
        except BrokenExecutor as error:
            raise EarmarkError(
                f"executor=loky: one of {workers} workers was killed, perhaps for want of memory: "
                "executor.workers=1 needs less; what was done is in the store"
            ) from error
    if fatal:
        yield fatal


def _in_worker(
    parent: int, function: Callable[[Item], Result], index: int, item: Item
) -> tuple[int, Result | Failure | EarmarkError]:
    end_with(parent)
    return guarded(function, index, item)
