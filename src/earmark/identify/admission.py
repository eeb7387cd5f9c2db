"""Who comes in: so many requests at work at a time, so many waiting, and the others refused at once."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from earmark.foundation.deadline import Deadline, DeadlineError
from earmark.identify.limits import BusyError, Limits


class Admission:
    """Places and turns of a server, for all its threads."""

    def __init__(self, limits: Limits) -> None:
        """Open the doors.

        Args:
            limits: Its `concurrency`, and its `queue`.
        """
        self._places = limits.at_a_time + limits.queue
        self._taken = 0
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(limits.at_a_time)

    @property
    def inside(self) -> int:
        """Requests that wait or are worked on."""
        return self._taken

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place from a request's arrival to its answer; taking it never waits.

        Raises:
            BusyError: All places are taken.
        """
        with self._lock:
            if self._taken >= self._places:
                raise BusyError(f"busy: {self._taken} requests wait or are worked on; try again later")
            self._taken += 1
        try:
            yield
        finally:
            with self._lock:
                self._taken -= 1

    @contextmanager
    def turn(self, deadline: Deadline) -> Iterator[None]:
        """Wait in a thread until fewer than `concurrency` requests are worked on.

        Raises:
            DeadlineError: The deadline passes before.
        """
        deadline.check()
        wait_s = deadline.remaining_s
        if not self._turns.acquire(timeout=None if math.isinf(wait_s) else wait_s):
            raise DeadlineError(f"waited longer than {deadline.allowed_s:g} s for its turn")
        try:
            deadline.check()
            yield
        finally:
            self._turns.release()
