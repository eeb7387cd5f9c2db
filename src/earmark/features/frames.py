"""What several front ends begin with: one channel, cut into overlapping frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from earmark.foundation.errors import PieceError

if TYPE_CHECKING:
    import torch

BLOCK = 2048  # frames transformed at a time: what a piece's length adds to memory is its result


def mono(waveform: np.ndarray) -> torch.Tensor:
    """Waveform (channels, samples) to the mean of its channels, (samples,) of float32.

    Raises PieceError where there is no sample.
    """
    import torch

    if waveform.shape[1] == 0:
        raise PieceError("has no samples")
    return torch.from_numpy(np.ascontiguousarray(waveform.mean(axis=0, dtype=np.float32)))


def padded(samples: torch.Tensor, size: int, mode: str = "constant") -> torch.Tensor:
    """`samples` (n,) with half a frame of `size` at either end: of silence, or `replicate` of its edges."""
    import torch

    return torch.nn.functional.pad(samples[None, None], (size // 2, size // 2), mode=mode)[0, 0]


def frame_blocks(samples: torch.Tensor, size: int, hop: int, centred: bool = True) -> Iterator[torch.Tensor]:
    """Frames every `hop` samples; blocks of (frames, size).

    centred: on every `hop`-th sample, with silence beyond the ends; for an even `size` these are
    1 + samples // hop, as librosa and torch.stft have it. Otherwise whole frames within the samples.
    """
    frames = (padded(samples, size) if centred else samples).unfold(0, size, hop)
    for start in range(0, len(frames), BLOCK):
        yield frames[start : start + BLOCK]
