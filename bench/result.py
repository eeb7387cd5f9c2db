"""Results, and how two things are timed against each other on a machine with other users."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

AT_LEAST, AT_MOST = "at least", "at most"


@dataclass(frozen=True)
class Result:
    """One figure and what it must reach.

    Attributes:
        name: Begins with the row's module.
        measured: None where it could not be measured.
        bar: What it must reach.
        unit: Of both.
        sense: AT_LEAST or AT_MOST.
        detail: What was measured on what, or why it could not be.
    """

    name: str
    measured: float | None
    bar: float
    unit: str
    sense: str
    detail: str

    @property
    def reached(self) -> bool:
        """Whether the figure reaches the bar."""
        if self.measured is None:
            return False
        return self.measured >= self.bar if self.sense == AT_LEAST else self.measured <= self.bar

    def as_dict(self) -> dict[str, Any]:
        """As results.json has it."""
        return {
            "name": self.name,
            "measured": None if self.measured is None else float(f"{self.measured:.4g}"),
            "bar": self.bar,
            "unit": f"{self.unit}, {self.sense}",
            "pass": self.reached,
            "detail": self.detail,
        }


def seconds(function: Callable[[], Any]) -> float:
    """How long one call takes, by the clock."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


@dataclass(frozen=True)
class Comparison:
    """How long two things took.

    Attributes:
        ratio: The median, over rounds, of the peer's time by earmark's.
        ours_s: Median time of earmark.
        peer_s: Median time of the peer.
    """

    ratio: float
    ours_s: float
    peer_s: float


def used_by_children_s() -> float:
    """Processor time of all child processes that have ended, and of theirs.

    A busy machine lengthens it less than the time by the clock.
    """
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak_rss_mb(process: int) -> float:
    """The most memory that a running process has had resident so far, MB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def compare(ours: Callable[[], Any], peer: Callable[[], Any], rounds: int) -> Comparison:
    """Call both once unmeasured, then alternately, so that other users of the machine slow both alike."""
    ours()
    peer()
    pairs = [(seconds(ours), seconds(peer)) for _ in range(rounds)]
    return Comparison(
        ratio=median(theirs / own for own, theirs in pairs),
        ours_s=median(own for own, _ in pairs),
        peer_s=median(theirs for _, theirs in pairs),
    )
