"""What a reader of a leaderboard must be told: ties, scores of several kinds, tests that were not made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from earmark.experiments.leaderboard.board import Row

EQUAL = 1e-6  # what scores may differ by and be equal: they are written with six decimals
SIGNIFICANT = 0.05


def remarks(rows: Sequence[Row], sort: str) -> list[str]:
    """Say what limits a comparison.

    Args:
        rows: Of a leaderboard, in their order.
        sort: `validation` or `test`: what the order is by.

    Returns:
        A line for each limit.
    """
    notes = []
    if sort == "test":
        notes.append("chosen by the test: the best score is too high by chance, and p values are too low")
    kinds: dict[str, list[int]] = defaultdict(list)
    reasons: dict[str, list[int]] = defaultdict(list)
    for rank, row in enumerate(rows, start=1):
        kinds[row.validation_kind].append(rank)
        if row.no_test:
            reasons[row.no_test].append(rank)
    notes += _ties(rows, sort)
    if len(kinds) > 1:
        named = "; ".join(f"{kind} of {_listed(ranks)}" for kind, ranks in kinds.items())
        notes.append(f"validation scores are of {len(kinds)} kinds, which cannot be compared: {named}")
    notes += [f"no test for {_listed(ranks)}: {reason}" for reason, ranks in reasons.items()]
    mixed = [
        rank
        for rank, row in enumerate(rows, start=1)
        if len({run.tags.get("mlflow.source.git.commit") for run in row.runs}) > 1
    ]
    if mixed:
        notes.append(f"folds of different git commits are pooled in {_listed(mixed)}")
    return notes


def _ties(rows: Sequence[Row], sort: str) -> list[str]:
    """What is said where the order of the first rows is no order, or the test does not tell them apart."""
    notes = []
    if sort == "validation":
        first = rows[0] if rows else None
        equal = [
            rank
            for rank, row in enumerate(rows, start=1)
            if first is not None
            and row.validation is not None
            and first.validation is not None
            and abs(row.validation - first.validation) < EQUAL
            and row.validation_kind == first.validation_kind
        ]
        if len(equal) > 1:
            notes.append(f"{_listed(equal)} tie: their validation scores are equal")
    alike = [rank for rank, row in enumerate(rows, start=1) if row.p is not None and row.p >= SIGNIFICANT]
    if alike:
        notes.append(f"the test does not tell {_listed(alike)} from 1 (p is {SIGNIFICANT:g} or more)")
    return notes


def _listed(ranks: list[int]) -> str:
    return ", ".join(map(str, ranks))
