"""Lengths of clips: from seconds to frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ClipGeometry:
    """Lengths of clips in frames. hop and most_clips are those of evaluation.

    training_hop: training clips begin at multiples of it; 1 for anywhere.
    """

    frames: int
    hop: int
    most_clips: int
    frame_rate_hz: float
    training_hop: int = 1

    @classmethod
    def of(cls, dataset: Any, frame_rate_hz: float) -> ClipGeometry:
        """From the settings of `conf/dataset` and the front end's frame rate."""
        return cls(
            frames=max(round(dataset["clip_s"] * frame_rate_hz), 1),
            hop=max(round(dataset["evaluation_hop_s"] * frame_rate_hz), 1),
            most_clips=int(dataset["evaluation_max_clips"]),
            frame_rate_hz=frame_rate_hz,
            training_hop=max(round(dataset["training_hop_s"] * frame_rate_hz), 1),
        )
