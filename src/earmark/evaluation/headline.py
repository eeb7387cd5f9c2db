"""The one number of an evaluation by which systems for a task are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Headline:
    """section, metric: its place in metrics/evaluate.json. words: for people."""

    section: str
    metric: str
    words: str
    lower_is_better: bool = False

    @property
    def name(self) -> str:
        return f"{self.section}.{self.metric}"

    def of(self, found: Mapping[str, Any]) -> float | None:
        """Its value in the content of metrics/evaluate.json."""
        return found[self.section][self.metric]["value"]


BALANCED_ACCURACY = Headline("closed_set", "balanced_accuracy", "balanced accuracy")
KEY_SCORE = Headline("key", "weighted", "MIREX key score")
EQUAL_ERROR_RATE = Headline("verification", "eer", "equal error rate", lower_is_better=True)


def headline(found: Mapping[str, Any]) -> Headline:
    """What the experiment added comes before balanced accuracy: MIREX's key score, equal error rate."""
    added = [one for one in (EQUAL_ERROR_RATE, KEY_SCORE) if one.section in found]
    return added[0] if added else BALANCED_ACCURACY
