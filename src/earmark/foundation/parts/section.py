"""What a section of the evaluation must have, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Metrics = dict[str, dict[str, float | None]]
"""A metric's name to its `value` and the `low` and `high` end of its 95 % interval; None where undefined."""


class Evaluation(Protocol):
    """The evaluated pieces, as a section is given them."""

    @property
    def labels(self) -> list[str]:
        """The known labels, in the order of distances."""
        ...

    @property
    def verdicts(self) -> pd.DataFrame:
        """The table data/verdicts.csv: a row for each piece."""
        ...

    @property
    def distances(self) -> Mapping[str, np.ndarray]:
        """By piece_id, distances to every label (labels,); those of validation pieces are held out."""
        ...

    @property
    def clips(self) -> Mapping[str, np.ndarray]:
        """By piece_id, the probabilities of its clips (clips, labels)."""
        ...

    @property
    def facts(self) -> Mapping[str, Mapping[str, Any]]:
        """By piece_id, what the stage `validate` measured."""
        ...

    def known(self, split: str) -> pd.DataFrame:
        """Verdicts on the pieces of known labels of a split, by piece_id."""
        ...

    def unknown(self, role: str) -> pd.DataFrame:
        """Verdicts on the pieces of unknown labels of a role, by piece_id."""
        ...

    def numbers(self, names: Iterable[str]) -> np.ndarray:
        """The places of these labels among `labels`."""
        ...

    def with_intervals(
        self, measure: Callable[[np.ndarray], Mapping[str, float]], rows: pd.DataFrame
    ) -> Metrics:
        """Compute metrics and their 95 % intervals by the bootstrap over works.

        Args:
            measure: From how often each row counts (rows,) to each metric's value.
            rows: Verdicts that the metrics are of.

        Returns:
            Each metric with its value and interval.
        """
        ...


class Section(Protocol):
    """What an experiment adds to the evaluation: a frozen dataclass whose fields are the settings."""

    def measure(self, evaluation: Evaluation) -> Metrics:
        """Its metrics: a section of metrics/evaluate.json under the name that conf/evaluate gives it."""
        ...

    def draw(self, evaluation: Evaluation, folder: Path) -> None:
        """Write its pictures and tables into `folder`; nothing where there are none."""
        ...
