"""A limit of the time that one piece may take, so that no file holds up a library."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Generic

from earmark.foundation.errors import PieceError
from earmark.store.executor.outcome import Item, Result

SECONDS_PER_PIECE = 600.0


class TooSlowError(PieceError):
    """A piece took longer than the limit."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise in this thread when a block takes longer.

    A call into a library is interrupted when it returns. Only a process's main thread can be interrupted, and
    not on Windows: elsewhere there is no limit.

    Args:
        seconds: Of time that passes; 0 for no limit.

    Raises:
        TooSlowError: The block takes longer.
    """
    if (
        not seconds
        or not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise TooSlowError(f"takes more than {seconds:g} s to process (executor.seconds_per_piece)")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@dataclass(frozen=True)
class Limited(Generic[Item, Result]):
    """A function of one piece that may take so long.

    Attributes:
        function: Of the piece.
        seconds: 0 for no limit.
    """

    function: Callable[[Item], Result]
    seconds: float

    def __call__(self, item: Item) -> Result:
        """Call it. Raises TooSlowError where it takes longer, and what it raises itself."""
        with time_limit(self.seconds):
            return self.function(item)


def check_seconds(seconds: object) -> None:
    """Check a limit.

    Raises:
        ValueError: It is no number of 0 or more.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds >= 0:
        raise ValueError(f"executor.seconds_per_piece={seconds} must be 0 (no limit) or more")
