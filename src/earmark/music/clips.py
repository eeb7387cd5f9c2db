"""Clips: excerpts of fixed length of a piece's features; how long they are and where they begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.music.settings import ClipSettings


@dataclass(frozen=True)
class ClipGeometry:
    """Lengths of clips in frames. hop and most_clips are those of evaluation.

    most_clips: of a piece; 0 for no limit. training_hop: training clips begin at multiples of it; 1 for
    anywhere.
    """

    frames: int
    hop: int
    most_clips: int
    frame_rate_hz: float
    training_hop: int = 1

    @classmethod
    def of(cls, settings: ClipSettings, frame_rate_hz: float) -> ClipGeometry:
        """From the settings of `conf/dataset` and the front end's frame rate."""
        return cls(
            frames=max(round(settings.clip_s * frame_rate_hz), 1),
            hop=max(round(settings.evaluation_hop_s * frame_rate_hz), 1),
            most_clips=int(settings.evaluation_max_clips),
            frame_rate_hz=frame_rate_hz,
            training_hop=max(round(settings.training_hop_s * frame_rate_hz), 1),
        )

    def starts(self, frames: int) -> list[int]:
        """Frames at which the clips of a piece of `frames` frames begin for evaluation."""
        return clip_starts(frames, self.frames, self.hop, self.most_clips)


def clip_of(piece: np.ndarray, start: int, frames: int) -> np.ndarray:
    """Frames `start` to `start + frames` of (channels, bands, frames) as float32; past the end, the
    piece's quietest value."""
    clip = np.asarray(piece[..., start : start + frames], dtype=np.float32)
    missing = frames - clip.shape[-1]
    if missing > 0:
        floor = float(piece.min())
        clip = np.pad(clip, ((0, 0), (0, 0), (0, missing)), constant_values=floor)
    return clip


def clip_starts(frames: int, clip: int, hop: int, most: int) -> list[int]:
    """Frames at which a piece's clips begin for evaluation, evenly spaced; at least one.

    A last clip that would hang over the end is moved back to end with the piece.
    """
    last = max(frames - clip, 0)
    count = min(1 + -(-last // hop), most) if most else 1 + -(-last // hop)
    return [round(value) for value in np.linspace(0, last, count)] if count > 1 else [last // 2]
