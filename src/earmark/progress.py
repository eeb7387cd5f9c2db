"""Progress for people: a bar with rate and time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
PLAIN_INTERVAL_S = 10.0


def say(message: str) -> None:
    """One line on standard output, flushed so that it keeps its place among a stage's lines."""
    print(message, flush=True)


def track(items: Iterable[T], total: int, what: str, unit: str = "pieces") -> Iterator[T]:
    """Yield from `items`, showing how far along they are."""
    if sys.stdout.isatty():
        yield from _bar(items, total, what, unit)
    else:
        yield from _lines(items, total, what, unit)


def _bar(items: Iterable[T], total: int, what: str, unit: str) -> Iterator[T]:
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
    with Progress(*columns) as progress:
        task = progress.add_task(what, total=total, rate="")
        for done, item in enumerate(items, start=1):
            rate = done / max(time.monotonic() - started, 1e-9)
            progress.update(task, advance=1, rate=f"{rate:.1f} {unit}/s")
            yield item


def _lines(items: Iterable[T], total: int, what: str, unit: str) -> Iterator[T]:
    started = last = time.monotonic()
    done = 0
    for done, item in enumerate(items, start=1):
        now = time.monotonic()
        if now - last >= PLAIN_INTERVAL_S and done < total:
            rate = done / (now - started)
            say(f"{what}: {done}/{total} {unit}, {rate:.1f}/s, {(total - done) / rate:.0f} s left")
            last = now
        yield item
    say(f"{what}: {done}/{total} {unit} in {time.monotonic() - started:.1f} s")
