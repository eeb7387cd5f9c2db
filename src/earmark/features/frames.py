"""Mixing to one channel and cutting into overlapping frames, as several front ends need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from earmark.foundation.deadline import check_deadline
from earmark.foundation.errors import PieceError

if TYPE_CHECKING:
    import torch

BLOCK = 2048  # frames transformed at a time, so that memory grows by the result alone


def mono(waveform: np.ndarray) -> torch.Tensor:
    """Mean of the channels.

    Args:
        waveform: (channels, samples) of float32.

    Returns:
        (samples,) of float32.

    Raises:
        PieceError: Where there are no samples.
    """
    import torch

    if waveform.shape[1] == 0:
        raise PieceError("has no samples")
    return torch.from_numpy(np.ascontiguousarray(waveform.mean(axis=0, dtype=np.float32)))


def padded(samples: torch.Tensor, size: int, mode: str = "constant") -> torch.Tensor:
    """Extend samples by half a frame at either end.

    Args:
        samples: (samples,).
        size: Samples of a frame.
        mode: `constant` extends by zeros, `replicate` by the first and the last sample.

    Returns:
        (samples + 2 * (size // 2),).
    """
    import torch

    return torch.nn.functional.pad(samples[None, None], (size // 2, size // 2), mode=mode)[0, 0]


def frame_blocks(samples: torch.Tensor, size: int, hop: int, centred: bool = True) -> Iterator[torch.Tensor]:
    """Cut samples into overlapping frames, `BLOCK` frames at a time.

    Args:
        samples: (samples,).
        size: Samples of a frame.
        hop: Samples from the start of a frame to the next one's.
        centred: Centre frames on every `hop`-th sample, with zeros beyond the ends; for an even `size` these
            are 1 + samples // hop frames, as in librosa and torch.stft. Otherwise frames lie within the
            samples.

    Yields:
        Blocks (frames, size), in order.
    """
    frames = (padded(samples, size) if centred else samples).unfold(0, size, hop)
    for start in range(0, len(frames), BLOCK):
        check_deadline()
        yield frames[start : start + BLOCK]
