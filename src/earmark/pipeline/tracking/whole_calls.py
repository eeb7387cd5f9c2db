"""Calls of MLflow's client that Ctrl-C does not cut in two.

An exception that comes in the middle of SQLAlchemy's work leaves a transaction open until that exception
has been handled: meanwhile the database is locked for this very process, which cannot say that its run was
killed. So whatever would raise KeyboardInterrupt waits until the call is done.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from types import FrameType

    from mlflow.tracking import MlflowClient

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def holding_interrupts() -> Iterator[None]:
    """The first interrupt that comes in the block takes effect at its end, a second one at once.

    Raises:
        KeyboardInterrupt: At the end, where the handler of the signal that came raises it.
    """
    if threading.current_thread() is not threading.main_thread():  # which alone gets signals
        yield
        return
    handlers = {kind: signal.getsignal(kind) for kind in INTERRUPTS}
    held = {kind: handler for kind, handler in handlers.items() if callable(handler)}
    came: list[int] = []

    def hold(kind: int, frame: FrameType | None) -> None:
        if came:
            held[signal.Signals(kind)](kind, frame)
        came.append(kind)

    for kind in held:
        signal.signal(kind, hold)
    try:
        yield
    finally:
        for kind, handler in held.items():
            signal.signal(kind, handler)
        if len(came) == 1:
            held[signal.Signals(came[0])](came[0], None)


class _WholeCalls:
    """A client whose calls are not interrupted."""

    def __init__(self, client: MlflowClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._client, name)
        return _whole(found) if callable(found) else found


def whole_calls(client: MlflowClient) -> MlflowClient:
    """The same client, none of whose calls is interrupted.

    Args:
        client: Of a database: a server writes what it was told whatever becomes of this process.
    """
    return cast("MlflowClient", _WholeCalls(client))


def _whole(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def whole(*arguments: Any, **named: Any) -> Any:
        with holding_interrupts():
            return call(*arguments, **named)

    return whole
