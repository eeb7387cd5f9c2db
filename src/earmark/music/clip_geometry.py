"""Clips: excerpts of fixed length of a piece's features, their length and where they begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from earmark.music.settings import ClipSettings


@dataclass(frozen=True)
class ClipGeometry:
    """Lengths of clips in frames of the front end.

    Attributes:
        frames: Length of a clip.
        hop: Frames between the beginnings of evaluation clips.
        most_clips: Evaluation clips of a piece at most; 0 for no limit.
        frame_rate_hz: Frames a second.
        training_hop: Training clips begin at multiples of it; 1 for anywhere.
    """

    frames: int
    hop: int
    most_clips: int
    frame_rate_hz: float
    training_hop: int = 1

    @classmethod
    def of(cls, settings: ClipSettings, frame_rate_hz: float) -> ClipGeometry:
        """Convert settings in seconds to frames.

        Args:
            settings: The section `dataset`.
            frame_rate_hz: The front end's frames a second.
        """
        return cls(
            frames=max(round(settings.clip_s * frame_rate_hz), 1),
            hop=max(round(settings.evaluation_hop_s * frame_rate_hz), 1),
            most_clips=int(settings.evaluation_max_clips),
            frame_rate_hz=frame_rate_hz,
            training_hop=max(round(settings.training_hop_s * frame_rate_hz), 1),
        )

    def starts(self, frames: int) -> list[int]:
        """Return the frames at which the evaluation clips of a piece of `frames` frames begin."""
        return clip_starts(frames, self.frames, self.hop, self.most_clips)


def clip_of(piece: np.ndarray, start: int, frames: int) -> np.ndarray:
    """Cut one clip out of a piece; past the piece's end it holds the piece's lowest value.

    Args:
        piece: Features (channels, bands, frames of the piece).
        start: The clip's first frame.
        frames: Its length.

    Returns:
        Float32 (channels, bands, frames).
    """
    clip = np.asarray(piece[..., start : start + frames], dtype=np.float32)
    missing = frames - clip.shape[-1]
    if missing > 0:
        clip = np.pad(clip, ((0, 0), (0, 0), (0, missing)), constant_values=float(piece.min()))
    return clip


def clip_starts(frames: int, clip: int, hop: int, most: int) -> list[int]:
    """Return the frames at which a piece's evaluation clips begin, evenly spaced, at least one.

    The last of several clips ends with the piece; a single clip lies in its middle.

    Args:
        frames: Length of the piece.
        clip: Length of a clip.
        hop: Distance between the beginnings of clips, at most.
        most: Number of clips at most, spread over the piece; 0 for no limit.
    """
    last = max(frames - clip, 0)
    count = min(1 + -(-last // hop), most) if most else 1 + -(-last // hop)
    return [round(value) for value in np.linspace(0, last, count)] if count > 1 else [last // 2]
