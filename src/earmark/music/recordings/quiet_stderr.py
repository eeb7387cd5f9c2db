"""Keep what C libraries print out of a program's own messages: libmpg123 remarks on damaged files."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STANDARD_ERROR = 2
_lock = threading.Lock()
_inside = 0  # blocks of all threads that are silenced now
_kept = -1  # a copy of standard error meanwhile


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Drop what is written to the process's standard error while a block lasts; blocks should be short.

    Errors are raised, so nothing is lost but remarks.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _inside, _kept
    with _lock:
        _inside += 1
        if _inside > 1:
            return
        try:
            if sys.stderr is not None:
                sys.stderr.flush()
            _kept = os.dup(_STANDARD_ERROR)
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, _STANDARD_ERROR)
            os.close(nothing)
        except (OSError, ValueError):  # closed, or no more files may be opened: what is printed shows
            if _kept >= 0:
                os.close(_kept)
            _kept = -1


def _leave() -> None:
    global _inside, _kept
    with _lock:
        _inside -= 1
        if _inside == 0 and _kept >= 0:
            os.dup2(_kept, _STANDARD_ERROR)
            os.close(_kept)
            _kept = -1
