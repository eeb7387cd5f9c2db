"""The verdict on one file: a label or *unknown*, with confidence and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Neighbour:
    """A training piece that a file is like, and where the most similar excerpts begin, in seconds."""

    piece_id: str
    title: str
    label: str
    distance: float
    start_s: float
    reference_start_s: float

    @property
    def starts(self) -> tuple[str, str]:
        """Where the excerpts begin, here and there, for people: `1:05`."""
        here, there = int(self.start_s), int(self.reference_start_s)
        return f"{here // 60}:{here % 60:02d}", f"{there // 60}:{there % 60:02d}"


@dataclass(frozen=True)
class Verdict:
    """What is said about one file; `error` and nothing else where it could not be heard.

    label: a known label, or `unknown`. nearest_label: the known label that it is most like, in any case.
    confidence: probability of that among the known labels. distance: of the piece from it.
    neighbours: the most similar training pieces, the nearest first. probabilities: of every known label, if
    it is one of them. distances: of the piece to each of `labels` (labels,). clip_starts_s: where its clips
    begin (clips,), seconds. clip_probabilities: of each label for each clip (clips, labels).
    """

    path: str
    label: str = ""
    nearest_label: str = ""
    confidence: float = 0.0
    distance: float = 0.0
    neighbours: Sequence[Neighbour] = ()
    error: str = ""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    distances: np.ndarray = field(default_factory=lambda: np.zeros(0))
    clip_starts_s: np.ndarray = field(default_factory=lambda: np.zeros(0))
    clip_probabilities: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))

    def as_dict(self) -> dict[str, Any]:
        """For programs: path, verdict, confidence, distance, nearest, error."""
        if self.error:
            return {
                **{"path": self.path, "verdict": None, "confidence": None, "distance": None},
                **{"nearest": [], "error": self.error},
            }
        return {
            "path": self.path,
            "verdict": self.label,
            "confidence": round(self.confidence, 6),
            "distance": round(self.distance, 6),
            "nearest": [vars(neighbour) for neighbour in self.neighbours],
            "error": None,
        }
