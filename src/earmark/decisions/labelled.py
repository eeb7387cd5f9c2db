"""Pieces that a decision is fitted on: taking some of them, numbering their labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from earmark.foundation.contracts import LabelledClips


def rows_of(pieces: LabelledClips, indices: Sequence[int] | np.ndarray) -> LabelledClips:
    """The pieces of these indices."""
    clips, labels, works = (
        [column[row] for row in indices] for column in (pieces.clips, pieces.labels, pieces.works)
    )
    return LabelledClips(clips, labels, works)


def label_numbers(names: Sequence[str], labels: Sequence[str]) -> np.ndarray:
    """The place of each of `names` among `labels`: (names,). Raises KeyError for a name that is not there."""
    place = {label: index for index, label in enumerate(labels)}
    return np.array([place[name] for name in names], dtype=np.int64)
