"""A time by which work must be done: loops over blocks ask for it, and stop where it has passed.

Threads and C libraries cannot be interrupted. So whoever works in blocks calls `check_deadline` before
each; where nobody has set a deadline, as on the command line, that does nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from earmark.foundation.errors import EarmarkError


class DeadlineError(EarmarkError):
    """The time for a piece of work is over, or nobody wants its result any more."""


class Deadline:
    """A moment after which work stops.

    Attributes:
        allowed_s: Seconds that were given; infinite where there is no limit.
    """

    def __init__(self, allowed_s: float) -> None:
        """Begin to count.

        Args:
            allowed_s: Seconds from now on; 0 for no limit.
        """
        self.allowed_s = allowed_s or math.inf
        self._end_s = time.monotonic() + self.allowed_s
        self._cancelled = False

    @property
    def remaining_s(self) -> float:
        """Seconds left, 0 where there are none."""
        return 0.0 if self._cancelled else max(self._end_s - time.monotonic(), 0.0)

    def cancel(self) -> None:
        """Let the work end at its next block; any thread may call this."""
        self._cancelled = True

    def check(self) -> None:
        """Go on while there is time.

        Raises:
            DeadlineError: There is none left.
        """
        if self._cancelled:
            raise DeadlineError("nobody waits for the answer any more")
        if self.remaining_s == 0:
            raise DeadlineError(f"took longer than {self.allowed_s:g} s, and was stopped")


_CURRENT: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def working_until(deadline: Deadline) -> Iterator[None]:
    """Let a deadline hold for what this thread does in the context."""
    token = _CURRENT.set(deadline)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def check_deadline() -> None:
    """Go on while there is time; called before each block of work.

    Raises:
        DeadlineError: The deadline of this thread has passed.
    """
    deadline = _CURRENT.get()
    if deadline is not None:
        deadline.check()


def seconds_left(most_s: float) -> float:
    """Seconds that a step may take, for libraries that take a time limit.

    Args:
        most_s: What is given without a deadline.
    """
    deadline = _CURRENT.get()
    return most_s if deadline is None else min(deadline.remaining_s, most_s)
