"""Workers of a Dask cluster: one that is running, on as many machines as it has, or one of this machine.

When a worker dies, Dask gives its pieces to another. Workers read the checkout's files and write to the
store, so both must be where they are: docs/store.md says how.
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
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar, runtime_checkable

from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.progress import say, track
from earmark.store.executor.outcome import Failure, Item, Result, check_workers, guarded, in_order
from earmark.store.executor.versions import Source, check_cluster

if TYPE_CHECKING:
    from distributed import Client, Future

Answer_co = TypeVar("Answer_co", covariant=True)
CONNECT_S = 8  # time that a scheduler has to answer
POLL_S = 5  # how often it is asked whether there are workers, while no result comes
MAX_SUBMITTED = 2000  # pieces that the scheduler knows of: its memory does not grow with the corpus
MAX_ROUNDS = 2  # how often a piece is given up to `distributed.scheduler.allowed-failures` (3) workers


class _Blocking(Protocol[Answer_co]):
    """A call that gives an answer, or raises TimeoutError or queue.Empty."""

    def __call__(self, *, timeout: float) -> Answer_co: ...


@runtime_checkable
class _Piece(Protocol):
    piece_id: str


@dataclass(frozen=True)
class _Work(Generic[Item, Result]):
    """What a worker is sent: a function, and what results must be made by."""

    source: Source
    function: Callable[[Item], Result]

    def __call__(self, index: int, item: Item) -> tuple[int, Result | Failure | EarmarkError]:
        if difference := self.source.difference():
            return index, EarmarkError(f"executor=dask: {difference}")
        return guarded(self.function, index, item)


@dataclass(frozen=True)
class Dask:
    """Workers of a Dask cluster.

    Attributes:
        address: Of its scheduler; where that is empty a cluster is started on this machine.
        workers: Processes of a cluster on this machine; 0 for one per core.
        patience_s: Without any worker for so long the run ends.
    """

    address: str | None = None
    workers: int = 0
    patience_s: float = 300

    def __post_init__(self) -> None:
        check_workers(self.workers)

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item], what: str, unit: str = "pieces"
    ) -> list[Result | Failure]:
        """Call a function on every item: see `Executor.map`."""
        if not items:
            return []
        with self._client(len(items)) as client:
            work = _Work(Source.of_this_process(), function)
            return in_order(track(self._run(client, work, items), len(items), what, unit), len(items))

    def _run(
        self, client: Client, work: _Work[Item, Result], items: Sequence[Item]
    ) -> Iterator[tuple[int, Result | Failure | EarmarkError]]:
        """Yield outcomes as they come, with MAX_SUBMITTED pieces at once at the scheduler."""
        from distributed import KilledWorker

        done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        submitted: dict[Future, int] = {}
        rounds = [0] * len(items)
        begun = 0

        def submit(indices: Sequence[int]) -> None:
            futures = client.map(work, indices, [items[index] for index in indices], pure=False)
            for index, future in zip(indices, futures, strict=True):
                rounds[index] += 1
                submitted[future] = index
                future.add_done_callback(done.put)

        while submitted or begun < len(items):
            if begun < len(items) and len(submitted) <= MAX_SUBMITTED // 2:
                batch = range(begun, min(begun + MAX_SUBMITTED // 2, len(items)))
                submit(batch)
                begun = batch.stop
            future = self._wait(client, done.get)
            index = submitted.pop(future)
            try:
                yield self._wait(client, future.result)
            except KilledWorker as error:
                if rounds[index] == MAX_ROUNDS:
                    # Not the piece's failure: whether it is left out must not depend on the machines.
                    raise EarmarkError(
                        f"executor=dask: {MAX_ROUNDS * (error.allowed_failures + 1)} workers died while they "
                        f"had the piece {_name(items[index])}: give workers more memory, or see their logs"
                    ) from error
                submit([index])

    def _wait(self, client: Client, call: _Blocking[Answer_co]) -> Answer_co:
        """What a blocking call gives.

        Raises:
            EarmarkError: There was no worker for `patience_s`, or the call failed.
            KilledWorker: Workers died of the piece.
        """
        from distributed import KilledWorker

        alone_since = None
        while True:
            try:
                return call(timeout=POLL_S)
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
            except Exception as error:  # ours come as results: this is Dask's, or code that it cannot load
                raise EarmarkError(
                    f"executor=dask: {self._place(client)}: {describe(error)}: "
                    "is the same earmark installed where scheduler and workers run?"
                ) from error

    def _place(self, client: Client) -> str:
        """The scheduler's address, for messages."""
        if self.address or client.scheduler is None:
            return self.address or "no address"
        return str(client.scheduler.address)

    @contextmanager
    def _client(self, pieces: int) -> Iterator[Client]:
        """A client of the cluster for so many pieces. Raises EarmarkError where none can be had."""
        try:
            from distributed import Client
            from distributed.versions import VersionMismatchWarning
        except ImportError as error:
            raise EarmarkError(
                "executor=dask needs a package that is not installed: pip install 'earmark[dask]'"
            ) from error
        with _silent_logger(), self._cluster(pieces) as address:
            try:
                asyncio.run(_reach(address))
            except Exception as error:
                raise EarmarkError(
                    f"executor.address={address}: {describe(error)}: is a scheduler running there? "
                    "`dask scheduler` starts one; executor=loky does without"
                ) from error
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", VersionMismatchWarning)  # check_cluster tells it in one line
                client = Client(address, timeout=CONNECT_S, set_as_default=False)
            with client:
                versions = client.get_versions()
                assert isinstance(versions, dict)  # a coroutine only where the client is asynchronous
                check_cluster(versions, self._place(client))
                yield client

    @contextmanager
    def _cluster(self, pieces: int) -> Iterator[str]:
        """The address of a running scheduler."""
        if self.address:
            yield self.address
            return
        from distributed import LocalCluster
        from joblib import cpu_count

        with LocalCluster(
            n_workers=min(self.workers or cpu_count(), pieces),
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",  # any free port: None would be 8787, which another may have
            silence_logs=logging.ERROR,
        ) as cluster:
            yield cluster.scheduler_address  # pyright: ignore[reportAttributeAccessIssue]  # untyped


async def _reach(address: str) -> None:
    """Raise where no scheduler answers; a Client that does not reach one lingers and complains."""
    from distributed.comm.core import connect
    from distributed.security import Security

    comm = await connect(address, timeout=CONNECT_S, **Security().get_connection_args("client"))
    await comm.close()


def _has_workers(client: Client) -> bool:
    try:
        return bool(client.scheduler_info(n_workers=1)["workers"])
    except Exception:  # there is no scheduler, either
        return False


def _name(item: object) -> str:
    """How a message calls an item: a piece by its piece_id."""
    return item.piece_id if isinstance(item, _Piece) else str(item)


@contextmanager
def _silent_logger() -> Iterator[None]:
    """Dask logs what our messages tell in a line, and each reconnection as well."""
    logger = logging.getLogger("distributed")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
