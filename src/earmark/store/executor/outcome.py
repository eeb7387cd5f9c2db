"""What comes of one piece: a result, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from earmark.foundation.errors import EarmarkError, PieceError, describe

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Failure:
    """What is returned in place of a result when a piece could not be processed.

    Attributes:
        reason: One line.
    """

    reason: str


class Executor(Protocol):
    """Maps a function over pieces; a config chooses which class does."""

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item], what: str, unit: str = "pieces"
    ) -> list[Result | Failure]:
        """Call a function on every item, and show progress meanwhile.

        Args:
            function: Called in worker processes.
            items: Its arguments.
            what: What is done to them, for people.
            unit: What they are, for people.

        Returns:
            Its results in the order of `items`; a Failure where it raised.

        Raises:
            EarmarkError: The function raised one that is not about one piece (no FluidSynth, no space on the
                disk), or the workers cannot work.
        """
        ...


def guarded(
    function: Callable[[Item], Result], index: int, item: Item
) -> tuple[int, Result | Failure | EarmarkError]:
    """Call a function on one item without raising.

    Returns:
        The index, and what came of its item: a result, a Failure, or an EarmarkError that ends the run.
    """
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


def in_order(
    outcomes: Iterable[tuple[int, Result | Failure | EarmarkError]], count: int
) -> list[Result | Failure]:
    """Sort what `guarded` gave by index.

    Args:
        outcomes: In any order.
        count: How many there are.

    Raises:
        EarmarkError: One of them is that.
    """
    results: dict[int, Result | Failure] = {}
    for index, outcome in outcomes:
        if isinstance(outcome, EarmarkError):
            raise outcome
        results[index] = outcome
    return [results[index] for index in range(count)]


def check_workers(workers: object) -> None:
    """Check a number of worker processes.

    Raises:
        ValueError: It is no whole number, or below 0.
    """
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 0:
        raise ValueError(f"executor.workers={workers} must be a whole number, 0 for one per core")
