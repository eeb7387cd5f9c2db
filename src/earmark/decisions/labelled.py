"""Pieces that a decision is fitted on: taking some of them, joining, weighing, numbering their labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from earmark.foundation.contracts import LabelledClips
from earmark.foundation.own_classes import MOST_LETTERS

MOST_LABELS = 10_000


def rows_of(pieces: LabelledClips, indices: Sequence[int] | np.ndarray) -> LabelledClips:
    """The pieces of these indices, in their order."""
    rows = [int(index) for index in indices]
    return LabelledClips(
        clips=[pieces.clips[row] for row in rows],
        labels=[pieces.labels[row] for row in rows],
        works=[pieces.works[row] for row in rows],
        renderings=[pieces.renderings[row] for row in rows] if len(pieces.renderings) else (),
    )


def joined(one: LabelledClips, other: LabelledClips) -> LabelledClips:
    """Pieces of both."""
    renderings = [*_renderings(one), *_renderings(other)]
    return LabelledClips(
        clips=[*one.clips, *other.clips],
        labels=[*one.labels, *other.labels],
        works=[*one.works, *other.works],
        renderings=renderings if any(renderings) else (),
    )


def piece_weights(pieces: LabelledClips, rendering_weight: float) -> np.ndarray:
    """The weight of each (pieces,): 1, and `rendering_weight` for further renderings."""
    return np.where(np.array(_renderings(pieces), bool), rendering_weight, 1.0)


def _renderings(pieces: LabelledClips) -> Sequence[bool]:
    return pieces.renderings if len(pieces.renderings) else [False] * len(pieces)


def label_numbers(names: Sequence[str], labels: Sequence[str]) -> np.ndarray:
    """Numbers of names among the labels.

    Args:
        names: Labels of pieces.
        labels: All labels, in the order of their numbers.

    Returns:
        (names,) of int64.

    Raises:
        KeyError: For a name that is none of the labels.
    """
    number = {label: index for index, label in enumerate(labels)}
    return np.array([number[name] for name in names], dtype=np.int64)


def are_labels(labels: Any) -> bool:
    """Whether a value is a list of different, bounded words, as the labels of a decision are."""
    return (
        isinstance(labels, list)
        and 0 < len(labels) <= MOST_LABELS
        and all(isinstance(label, str) and 0 < len(label) <= MOST_LETTERS for label in labels)
        and len(set(labels)) == len(labels)
    )
