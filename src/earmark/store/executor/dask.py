"""Workers of a Dask cluster: one that is there, on as many machines as it has, or one of this machine.

A worker that dies loses nothing: Dask gives its pieces to another. Workers read the checkout's files and
write to the store, so both must be where they are: docs/store.md says how.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

from earmark.foundation.closure import source_digest
from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.progress import say, track
from earmark.store.executor.outcome import check_workers, guarded

T = TypeVar("T")
CONNECT_S = 8  # until a scheduler that does not answer is taken for dead
LOOK_S = 5  # how often it is asked whether there are workers, while no result comes
AT_ONCE = 2000  # pieces that the scheduler knows of: its memory does not grow with the corpus
ROUNDS = 2  # how often a piece is given up to `distributed.scheduler.allowed-failures` (3) workers
AGREE = ("dask", "distributed", "cloudpickle", "numpy")  # packages whose versions must be ours
# And those that a result is made by: keys do not have their versions, and a store may be shared.
MAKERS = ("scipy", "soxr", "soundfile", "torch", "music21", "pyfluidsynth")


@dataclass(frozen=True)
class Dask:
    """The cluster at `address`; where that is empty `workers` processes here, 0 for one per core.

    Without any worker for `patience_s` the run ends.
    """

    address: str | None = None
    workers: int = 0
    patience_s: float = 300

    def __post_init__(self) -> None:
        check_workers(self.workers)

    def map(
        self, function: Callable[[T], Any], items: Sequence[T], what: str, unit: str = "pieces"
    ) -> list[Any]:
        """See `Executor.map`."""
        results: list[Any] = [None] * len(items)
        if not items:
            return results
        with self._client(len(items)) as client:
            work = partial(_work, source_digest(), _makers(), function)
            for index, result in track(self._run(client, work, items), len(items), what, unit):
                if isinstance(result, EarmarkError):
                    raise result
                results[index] = result
        return results

    def _run(self, client: Any, work: Callable, items: Sequence) -> Iterator[tuple[int, Any]]:
        from distributed import KilledWorker

        done: queue.SimpleQueue = queue.SimpleQueue()
        under_way: dict[Any, int] = {}
        rounds = [0] * len(items)
        begun = 0

        def submit(some: Sequence[int]) -> None:
            futures = client.map(work, some, [items[index] for index in some], pure=False)
            for index, future in zip(some, futures, strict=True):
                rounds[index] += 1
                under_way[future] = index
                future.add_done_callback(done.put)

        while under_way or begun < len(items):
            if begun < len(items) and len(under_way) <= AT_ONCE // 2:
                some = range(begun, min(begun + AT_ONCE // 2, len(items)))
                submit(some)
                begun = some.stop
            future = self._patiently(client, done.get)
            index = under_way.pop(future)
            try:
                yield self._patiently(client, future.result)
            except KilledWorker as error:
                if rounds[index] == ROUNDS:
                    # Not the piece's failure: whether it is left out must not depend on the machines.
                    raise EarmarkError(
                        f"executor=dask: {ROUNDS * (error.allowed_failures + 1)} workers died while they had "
                        f"the piece {_name(items[index])}: give workers more memory, or see their logs"
                    ) from error
                submit([index])

    def _patiently(self, client: Any, ask: Callable) -> Any:
        """What `ask(timeout=…)` gives. Raises EarmarkError where nobody works, or what was asked fails."""
        from distributed import KilledWorker

        alone_since = None
        while True:
            try:
                return ask(timeout=LOOK_S)
            except (queue.Empty, TimeoutError):
                now = time.monotonic()
                if _has_workers(client):
                    alone_since = None
                elif alone_since is None:
                    say(f"dask: no workers at {self._place(client)}, waiting {self.patience_s:g} s for one")
                    alone_since = now
                elif now - alone_since > self.patience_s:
                    raise EarmarkError(
                        f"executor=dask: no workers at {self._place(client)} for {self.patience_s:g} s; "
                        "what was done is in the store, and the same command goes on from there"
                    ) from None
            except KilledWorker:
                raise
            except Exception as error:  # ours come as results: this is Dask's, or code that is not there
                raise EarmarkError(
                    f"executor=dask: {self._place(client)}: {describe(error)}: "
                    "is the same earmark installed where scheduler and workers run?"
                ) from error

    def _place(self, client: Any) -> str:
        return self.address or client.scheduler.address

    @contextmanager
    def _client(self, pieces: int) -> Iterator[Any]:
        try:
            from distributed import Client
            from distributed.versions import VersionMismatchWarning
        except ImportError as error:
            raise EarmarkError(
                "executor=dask needs a package that is not installed: pip install 'earmark[dask]'"
            ) from error
        with _quiet(), self._cluster(pieces) as address:
            try:
                asyncio.run(_reach(address))
            except Exception as error:
                raise EarmarkError(
                    f"executor.address={address}: {describe(error)}: is a scheduler running there? "
                    "`dask scheduler` starts one; executor=loky does without"
                ) from error
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", VersionMismatchWarning)  # said below, in one line
                client = Client(address, timeout=CONNECT_S, set_as_default=False)
            with client:
                self._check_versions(client)
                yield client

    @contextmanager
    def _cluster(self, pieces: int) -> Iterator[str]:
        if self.address:
            yield self.address
            return
        from distributed import LocalCluster
        from joblib import cpu_count

        workers = min(self.workers or cpu_count(), pieces)
        with LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs=logging.ERROR,
        ) as cluster:
            yield cluster.scheduler_address

    def _check_versions(self, client: Any) -> None:
        found = client.get_versions()
        ours = _versions(found["client"])
        for where, theirs in {"the scheduler": found["scheduler"], **found["workers"]}.items():
            for package, found_version in _versions(theirs).items():
                if found_version != ours[package]:
                    raise EarmarkError(
                        f"executor=dask: {where} of {self._place(client)} has {package} {found_version}, "
                        f"this machine {ours[package]}: install the same, with constraints.txt"
                    )


async def _reach(address: str) -> None:
    """Raise where no scheduler answers; a Client that does not reach one lingers and complains."""
    from distributed.core import connect
    from distributed.security import Security

    comm = await connect(address, timeout=CONNECT_S, **Security().get_connection_args("client"))
    await comm.close()


@cache
def _makers() -> dict[str, str]:
    """Versions of MAKERS, `none` where one is not installed."""
    found = {}
    for package in MAKERS:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


def _work(source: str, makers: dict[str, str], function: Callable, index: int, item: Any) -> tuple[int, Any]:
    """On a worker: results are kept under the version of *our* code, so theirs must be the same."""
    for package, ours in makers.items():
        if ours != _makers()[package]:
            import socket

            return index, EarmarkError(
                f"executor=dask: the worker on {socket.gethostname()} has {package} {_makers()[package]}, "
                f"this machine {ours}: install the same, with constraints.txt"
            )
    if source != source_digest():
        import socket

        return index, EarmarkError(
            f"executor=dask: the worker on {socket.gethostname()} has another earmark than this machine: "
            "give both the same commit"
        )
    return guarded(function, index, item)


def _versions(found: dict[str, Any]) -> dict[str, str]:
    """Versions by package, Python's without its last number."""
    packages = found["packages"]
    return {
        "python": ".".join(packages["python"].split(".")[:2]),
        **{name: str(packages.get(name)) for name in AGREE},
    }


def _has_workers(client: Any) -> bool:
    try:
        return bool(client.scheduler_info(n_workers=1)["workers"])
    except Exception:  # there is no scheduler, either
        return False


def _name(item: Any) -> str:
    return str(getattr(item, "piece_id", item))


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask logs what we say in a line, each reconnection as well."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
