"""Hydra's notation for sweeps as Optuna's distributions.

| Hydra | means |
|---|---|
| `choice(a, b)` or `a,b` | one of these |
| `range(1, 9, 2)` | 1, 3, 5, 7: the end does not belong to it, as everywhere in Hydra |
| `interval(0, 0.5)` | any number between |
| `tag(log, interval(1e-4, 1e-2))` | the same, evenly by magnitude |
| `tag(int, interval(1, 8))`, `tag(int, log, …)` | integers, both ends included |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from earmark.foundation.errors import EarmarkError

TAGS = {"log", "int"}


@dataclass(frozen=True)
class SearchSpace:
    """What a search varies.

    Attributes:
        fixed: Overrides of every job.
        varied: The distribution of each setting that is searched, by its key.
    """

    fixed: tuple[str, ...]
    varied: Mapping[str, BaseDistribution]

    def job(self, values: Mapping[str, Any]) -> list[str]:
        """The overrides of a trial with these values."""
        return [*self.fixed, *(f"{key}={value}" for key, value in values.items())]


def search_space(
    parse: Callable[[list[str]], list[Override]], arguments: Sequence[str], ready: Mapping[str, str]
) -> SearchSpace:
    """The space of a command line; where that sweeps nothing, the ready one without what it fixes.

    Args:
        parse: Hydra's parser of overrides.
        arguments: Overrides of the command line.
        ready: The ready space: Hydra's notation by key.

    Raises:
        EarmarkError: There is nothing to search, or Optuna has no such distribution.
    """
    overrides = parse(list(arguments))
    swept = [item for item in overrides if item.is_sweep_override()]
    fixed = [item for item in overrides if not item.is_sweep_override()]
    if not swept:
        fixed_keys = {item.key_or_group for item in fixed}
        ready_sweeps = parse([f"{key}={value}" for key, value in ready.items()])
        swept = [item for item in ready_sweeps if item.key_or_group not in fixed_keys]
    if not swept:
        raise EarmarkError(
            "nothing to search: sweep something (trainer.optimizer.lr='tag(log,interval(1e-4,1e-2))'), or "
            "take a ready space (hydra/sweeper/params=optimizer)"
        )
    return SearchSpace(
        tuple(str(item.input_line) for item in fixed),
        {item.get_key_element(): distribution(item) for item in swept},
    )


def distribution(override: Override) -> BaseDistribution:
    """The distribution that one override with a sweep means.

    Raises:
        EarmarkError: Optuna has no such distribution.
    """
    try:
        return _distribution(override)
    except (ValueError, TypeError, HydraException) as error:
        raise EarmarkError(f"{override.input_line}: {error}") from error


def _distribution(override: Any) -> BaseDistribution:
    value = override.value()
    tags = set(getattr(value, "tags", ()))
    if not override.is_sweep_override():
        raise ValueError("is one value, no choice(…), range(…) or interval(…)")
    if tags - TAGS:
        raise ValueError(f"the tags are {' and '.join(sorted(TAGS))}, not {', '.join(sorted(tags - TAGS))}")
    log, whole = "log" in tags, "int" in tags
    if override.is_interval_sweep():
        if whole:
            return IntDistribution(int(value.start), int(value.end), log=log)
        return FloatDistribution(float(value.start), float(value.end), log=log)
    if tags and not override.is_range_sweep():
        raise ValueError("log and int are for interval(…) and range(…)")
    if override.is_range_sweep():
        numbers = [float(number) for number in value.range()]
        if not numbers:
            raise ValueError("is an empty range")
        low, high, step = min(numbers), max(numbers), abs(value.step)
        if all(number.is_integer() for number in (*numbers, float(step))):
            return IntDistribution(int(low), int(high), step=int(step), log=log)
        return FloatDistribution(low, high, step=float(step), log=log)
    # As text that Hydra parses again: a list or a dict is a choice, too.
    return CategoricalDistribution(list(override.sweep_string_iterator()))
