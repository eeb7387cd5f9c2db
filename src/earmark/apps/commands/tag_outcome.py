"""The outcome of `earmark tag` and `earmark tag --undo`, and what both do when they are interrupted."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from earmark.foundation.words import printable

INTERRUPTED = 130  # exit status after Control-C


@dataclass
class Done:
    """The outcome so far.

    Attributes:
        rows: Of the table: a file's name, and a cell for each kind of tag.
        files: How many were written, or would be.
        tags: How many were written, or would be.
        unknown: Verdicts of `unknown`.
        same: Files that have the tags already that would replace them.
        declined: Tags that were not accepted.
        unlike: Tags of music that is unlike what their model learned from.
        failed: Whether a file or the run had an error.
        status: Exit status where the run was interrupted; else 0.
    """

    rows: list[tuple[str, list[str]]] = field(default_factory=list)
    files: int = 0
    tags: int = 0
    unknown: int = 0
    same: int = 0
    declined: int = 0
    unlike: int = 0
    failed: bool = False
    status: int = 0


def count(number: int, what: str) -> str:
    """A number with its noun, in the plural with an s: `2 files`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def complain(done: Done, path: str, reason: str) -> None:
    """Print why a file failed, and note that one did."""
    done.failed = True
    print(f"earmark: error: {printable(path)}: {printable(reason)}", file=sys.stderr)


def interrupted(done: Done) -> None:
    """Print that the run was interrupted, and note the exit status."""
    done.status = INTERRUPTED
    print("earmark: interrupted: the same command goes on where this one stopped", file=sys.stderr)


@contextmanager
def signals_as_interrupt() -> Iterator[None]:
    """Let a closed terminal or a `kill` end the run like Control-C, so that no copies are left behind."""
    before = {}
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores it, and so it stays
            before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
