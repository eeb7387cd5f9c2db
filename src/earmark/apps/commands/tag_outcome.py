"""What came of tagging, or of taking it back, and how both end."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

INTERRUPTED = 130  # exit status of what Control-C ended


@dataclass
class Done:
    """What came of a run: rows of the table, files and tags written, errors, whether it was cut short."""

    rows: list[tuple[str, list[str]]] = field(default_factory=list)
    files: int = 0
    tags: int = 0
    unknown: int = 0
    failed: bool = False
    status: int = 0


def printable(name: str) -> str:
    """A file name that is no UTF-8 cannot be printed as it is."""
    return os.fsencode(name).decode(errors="replace")


def count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def complain(done: Done, path: str, reason: str) -> None:
    done.failed = True
    print(f"earmark: error: {path}: {reason}", file=sys.stderr)


def interrupted(done: Done) -> None:
    done.status = INTERRUPTED
    print("earmark: interrupted: the same command goes on where this one stopped", file=sys.stderr)


@contextmanager
def ended_politely() -> Iterator[None]:
    """A closed terminal or a `kill` ends a run like Control-C: nothing is left beside the music."""
    before = {}
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores it, and so it stays
            before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
