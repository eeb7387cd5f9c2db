"""The verdict on one file: a label or *unknown*, with confidence and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FIELDS = (
    *("path", "verdict", "guess", "confidence", "p_known", "reason", "warning", "distance", "percentile"),
    *("probabilities", "nearest", "error"),
)
"""Of a verdict as plain values, for JSON, CSV and HTTP."""


@dataclass(frozen=True)
class Neighbour:
    """A training piece that is similar to a file.

    Attributes:
        piece_id: Its id.
        title: Its title; may be "".
        label: Its label.
        distance: Of its excerpt that is most similar to one of the file.
        start_s: Where that excerpt begins in the file, seconds.
        reference_start_s: Where it begins in the training piece, seconds.
    """

    piece_id: str
    title: str
    label: str
    distance: float
    start_s: float
    reference_start_s: float

    @property
    def starts(self) -> tuple[str, str]:
        """Where the excerpts begin in the file and in the training piece, as `1:05`."""
        seconds = (int(self.start_s), int(self.reference_start_s))
        first, second = (f"{value // 60}:{value % 60:02d}" for value in seconds)
        return first, second


@dataclass(frozen=True)
class Verdict:
    """The answer for one file; `path` and `error` alone are set where it could not be heard.

    Attributes:
        path: The file's path, or the name that it was given.
        label: A known label, or `unknown`.
        nearest_label: The known label that the file is most similar to, also where `label` is `unknown`.
        confidence: Probability of `nearest_label`, if the file has one of the known labels.
        distance: From the file to `nearest_label`, in the model's metric.
        p_known: Probability that the file has one of the known labels at all; of a model that learned from no
            strangers, the share of known pieces that lie as far from their label or farther; None where the
            model does not say.
        percentile: Percent of known pieces that lie nearer to their label; None likewise.
        reason: Why `label` is `unknown`, in words; else "".
        warning: What of the file is not heard, and how it differs from what the model learned from, in words;
            "" where there is nothing to say.
        unheard: What of the file is not heard, which is a part of `warning`; "" where all of it is.
        neighbours: The most similar training pieces, the nearest first.
        error: Why the file could not be heard, in one line; else "".
        probabilities: Of every known label, if the file has one of them; they sum to 1.
        distances: From the file to each known label (labels,).
        clip_starts_s: Where the file's clips begin (clips,), seconds.
        clip_probabilities: Of each label for each clip (clips, labels).
    """

    path: str
    label: str = ""
    nearest_label: str = ""
    confidence: float = 0.0
    distance: float = 0.0
    p_known: float | None = None
    percentile: float | None = None
    reason: str = ""
    warning: str = ""
    unheard: str = ""
    neighbours: Sequence[Neighbour] = ()
    error: str = ""
    probabilities: Mapping[str, float] = field(default_factory=dict)
    distances: np.ndarray = field(default_factory=lambda: np.zeros(0))
    clip_starts_s: np.ndarray = field(default_factory=lambda: np.zeros(0))
    clip_probabilities: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))

    @property
    def is_unlike(self) -> bool:
        """Whether the file is unlike what the model learned from."""
        return bool(self.warning) and self.warning != self.unheard

    def as_dict(self) -> dict[str, Any]:
        """What `earmark identify --json` prints: the names of FIELDS.

        `confidence` is that of the verdict: None beside `unknown`.
        """
        if self.error:
            empty: dict[str, Any] = dict.fromkeys(FIELDS)
            return {**empty, "path": self.path, "probabilities": {}, "nearest": [], "error": self.error}
        known = self.label == self.nearest_label
        return {
            "path": self.path,
            "verdict": self.label,
            "guess": self.nearest_label,
            "confidence": round(self.confidence, 6) if known else None,
            "p_known": None if self.p_known is None else round(self.p_known, 6),
            "reason": self.reason or None,
            "warning": self.warning or None,
            "distance": round(self.distance, 6),
            "percentile": None if self.percentile is None else round(self.percentile, 1),
            "probabilities": {label: round(value, 6) for label, value in self.probabilities.items()},
            "nearest": [vars(neighbour) for neighbour in self.neighbours],
            "error": None,
        }
