"""The evaluated pieces: verdicts on all of them, and what metrics of any kind are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from earmark.evaluation.intervals import with_intervals
from earmark.foundation.contracts import Metrics
from earmark.music.catalog import KNOWN


@dataclass(frozen=True)
class EvaluatedPieces:
    """What an evaluation knows of every piece.

    verdicts: the table of `report.verdict_table`. distances: by piece_id, to every label (labels,).
    clips: by piece_id, the probabilities of its clips (clips, labels). groups: the work of each
    piece. distances of validation pieces are held out: see `NearestPrototype.held_out`. facts: what
    validation measured. resamples, seed: of the bootstrap.
    """

    labels: list[str]
    verdicts: pd.DataFrame
    distances: Mapping[str, np.ndarray]
    clips: Mapping[str, np.ndarray]
    groups: Mapping[str, str]
    facts: Mapping[str, Mapping[str, Any]]
    resamples: int
    seed: int

    def known(self, split: str) -> pd.DataFrame:
        """Verdicts on the known pieces of a split, by piece_id."""
        rows = self.verdicts[(self.verdicts.role == KNOWN) & (self.verdicts.split == split)]
        return rows.sort_values("piece_id", ignore_index=True)

    def unknown(self, role: str) -> pd.DataFrame:
        """Verdicts on the strangers of a role, by piece_id."""
        rows = self.verdicts[self.verdicts.role == role]
        return rows.sort_values("piece_id", ignore_index=True)

    def numbers(self, names: Any) -> np.ndarray:
        """The places of these labels."""
        place = {label: index for index, label in enumerate(self.labels)}
        return np.array([place[name] for name in names], dtype=np.int64)

    def with_intervals(
        self, measure: Callable[[np.ndarray], dict[str, float]], rows: pd.DataFrame
    ) -> Metrics:
        """Each metric of `measure(weights of rows)` with its interval, resampled by work."""
        return with_intervals(
            measure, [self.groups[name] for name in rows.piece_id], self.resamples, self.seed
        )
