"""What comes of one piece: a result, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from earmark.foundation.errors import EarmarkError, PieceError, describe

T = TypeVar("T")


@dataclass(frozen=True)
class Failure:
    """What is returned in place of a result when a piece could not be processed."""

    reason: str


class Executor(Protocol):
    """Whatever maps a function over pieces; a config chooses which."""

    def map(
        self, function: Callable[[T], Any], items: Sequence[T], what: str, unit: str = "pieces"
    ) -> list[Any]:
        """`function` of every item, in the order of `items`; a Failure where it raised.

        EarmarkErrors that are not about one piece (no FluidSynth, no space) end the run.
        """


def guarded(function: Callable, index: int, item: Any) -> tuple[int, Any]:
    """The index and what came of its item: a result, a Failure, or an EarmarkError that ends the run."""
    try:
        return index, function(item)
    except PieceError as error:
        return index, Failure(str(error))
    except EarmarkError as error:
        return index, error
    except MemoryError:
        return index, EarmarkError("out of memory: fewer workers at once (executor.workers) need less")
    except Exception as error:  # an unforeseen fault of one piece is that piece's failure
        return index, Failure(describe(error))


def check_workers(workers: Any) -> None:
    """Raise ValueError where `workers` is no number of processes."""
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 0:
        raise ValueError(f"executor.workers={workers} must be a whole number, 0 for one per core")
