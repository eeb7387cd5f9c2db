"""Pieces as a decision is fitted on them: the clips of each, and what it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LabelledClips:
    """clips: for each piece its clips' embeddings (clips, dimensions) or scores (clips, labels)."""

    clips: Sequence[np.ndarray]
    labels: Sequence[str]

    def __len__(self) -> int:
        return len(self.clips)

    def rows(self, indices: Sequence[int]) -> LabelledClips:
        """The pieces of these indices."""
        return LabelledClips([self.clips[row] for row in indices], [self.labels[row] for row in indices])

    def places(self, labels: Sequence[str]) -> np.ndarray:
        """The number of each piece's label among `labels`: (pieces,)."""
        place = {label: index for index, label in enumerate(labels)}
        return np.array([place[name] for name in self.labels], dtype=np.int64)
