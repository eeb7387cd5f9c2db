"""Worker processes on this machine, joblib's."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from earmark.foundation.errors import EarmarkError
from earmark.foundation.progress import track
from earmark.store.executor.outcome import check_workers, guarded

T = TypeVar("T")


@dataclass(frozen=True)
class Loky:
    """Worker processes on this machine; `workers` of 0 means one per core."""

    workers: int = 0

    def __post_init__(self) -> None:
        check_workers(self.workers)

    def map(
        self, function: Callable[[T], Any], items: Sequence[T], what: str, unit: str = "pieces"
    ) -> list[Any]:
        """See `Executor.map`."""
        from joblib import cpu_count

        workers = min(self.workers or cpu_count(), max(len(items), 1))
        results: list[Any] = [None] * len(items)
        for index, result in track(self._run(function, items, workers), len(items), what, unit):
            if isinstance(result, EarmarkError):
                raise result
            results[index] = result
        return results

    def _run(self, function: Callable, items: Sequence, workers: int) -> Iterator[tuple[int, Any]]:
        over: tuple[int, EarmarkError] | None = None

        def jobs() -> Iterator[tuple[int, Any]]:
            for index, item in enumerate(items):
                if over:
                    return
                yield index, item

        if workers == 1:
            yield from (guarded(function, index, item) for index, item in jobs())
            return
        from joblib import Parallel, delayed

        parallel = Parallel(n_jobs=workers, return_as="generator_unordered", pre_dispatch="4*n_jobs")
        with warnings.catch_warnings():
            # loky replaces a worker that grew (ours load torch); no piece is lost by it.
            warnings.filterwarnings("ignore", message="A worker stopped while", category=UserWarning)
            # It also counts what it gives up when Ctrl-C ends the run.
            warnings.filterwarnings("ignore", message=r"\d+ tasks which were still", category=UserWarning)
            try:
                for index, result in parallel(delayed(guarded)(function, *job) for job in jobs()):
                    # What is under way ends by itself: loky, told to drop it, may print a traceback.
                    if over is None and isinstance(result, EarmarkError):
                        over = index, result
                    elif over is None:
                        yield index, result
            except BrokenExecutor as error:
                raise EarmarkError(
                    f"executor=loky: one of {workers} workers was killed, perhaps for want of memory: "
                    "executor.workers=1 needs less; what was done is in the store"
                ) from error
        if over:
            yield over
