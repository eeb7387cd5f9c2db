"""Progress for people: a bar with rate and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

from earmark.foundation.words import printable

T = TypeVar("T")
PLAIN_INTERVAL_S = 10.0


def say(message: str, stream: TextIO | None = None) -> None:
    """Print a line, or several, on `stream`, standard output by default, and flush it.

    What a terminal would obey is escaped, line ends excepted: names are to be given as `printable` has them.
    """
    print("\n".join(map(printable, message.split("\n"))), flush=True, file=stream)


def track(
    items: Iterable[T], total: int, what: str, unit: str = "pieces", stream: TextIO | None = None
) -> Iterator[T]:
    """Yield from `items` and show progress meanwhile.

    Standard output is a stage's log and always gets a line at the end; on another stream that is no terminal
    nothing is printed where it all takes less than PLAIN_INTERVAL_S.

    Args:
        items: What to go through.
        total: How many there are.
        what: What is done to them, the first word of each line.
        unit: What they are.
        stream: Where to show it; standard output by default.

    Yields:
        Each item, in order.
    """
    shown_on: TextIO = sys.stdout if stream is None else stream
    if shown_on.isatty():
        yield from _bar(items, total, what, unit, shown_on)
    else:
        yield from _lines(items, total, what, unit, shown_on)


def _bar(items: Iterable[T], total: int, what: str, unit: str, stream: TextIO) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    started = time.monotonic()
    # Where the bar is on standard error, standard output may be a file or a pipe: it must not be redirected.
    console, redirects = Console(file=stream), stream is sys.stdout
    with Progress(*columns, console=console, redirect_stdout=redirects) as progress:
        task = progress.add_task(what, total=total, rate="")
        for done, item in enumerate(items, start=1):
            rate = done / max(time.monotonic() - started, 1e-9)
            progress.update(task, advance=1, rate=f"{rate:.1f} {unit}/s")
            yield item


def _lines(items: Iterable[T], total: int, what: str, unit: str, stream: TextIO) -> Iterator[T]:
    started = last = time.monotonic()
    done = 0
    for done, item in enumerate(items, start=1):
        now = time.monotonic()
        if now - last >= PLAIN_INTERVAL_S and done < total:
            rate = done / (now - started)
            left_s = (total - done) / rate
            say(f"{what}: {done}/{total} {unit}, {rate:.1f}/s, {left_s:.0f} s left", stream)
            last = now
        yield item
    if stream is sys.stdout or last > started:
        say(f"{what}: {done}/{total} {unit} in {time.monotonic() - started:.1f} s", stream)
