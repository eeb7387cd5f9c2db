"""Mixing to one channel and cutting into overlapping frames, as several front ends need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from earmark.foundation.errors import PieceError

BLOCK = 256  # frames transformed at a time: they fit a processor's cache, and memory hardly grows


def mono(waveform: np.ndarray) -> np.ndarray:
    """Mean of the channels.

    Args:
        waveform: (channels, samples) of float32.

    Returns:
        (samples,) of float32.

    Raises:
        PieceError: Where there are no samples.
    """
    if waveform.shape[1] == 0:
        raise PieceError("has no samples")
    return np.ascontiguousarray(waveform.mean(axis=0, dtype=np.float32))


def padded(samples: np.ndarray, size: int, mode: Literal["constant", "edge"] = "constant") -> np.ndarray:
    """Extend samples by half a frame at either end.

    Args:
        samples: (samples,).
        size: Samples of a frame.
        mode: `constant` extends by zeros, `edge` by the first and the last sample.

    Returns:
        (samples + 2 * (size // 2),).
    """
    return np.pad(samples, size // 2, mode=mode)


def frame_blocks(samples: np.ndarray, size: int, hop: int, centred: bool = True) -> Iterator[np.ndarray]:
    """Cut samples into overlapping frames, `BLOCK` frames at a time.

    Args:
        samples: (samples,).
        size: Samples of a frame.
        hop: Samples from the start of a frame to the next one's.
        centred: Centre frames on every `hop`-th sample, with zeros beyond the ends; for an even `size` these
            are 1 + samples // hop frames, as in librosa and torch.stft. Otherwise frames lie within the
            samples.

    Yields:
        Blocks (frames, size), in order: views, not to be written to.
    """
    whole = padded(samples, size) if centred else samples
    frames = np.lib.stride_tricks.sliding_window_view(whole, size)[::hop]
    for start in range(0, len(frames), BLOCK):
        yield frames[start : start + BLOCK]


def hann_window(size: int) -> np.ndarray:
    """A periodic Hann window: (size,) of float32."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(np.float32)
