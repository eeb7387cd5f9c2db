"""Mixing to one channel, cutting into overlapping frames and their spectra, as several front ends need it.

Spectra are float64: a sum's last digit depends on the processor's instructions, and rounded from float64 to
the float16 that is stored it does not show.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from earmark.foundation.deadline import check_deadline
from earmark.foundation.errors import PieceError

BLOCK = 1 << 17  # samples of frames at a time: 1 MB in float64, which fits a core's cache


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


def padded(samples: np.ndarray, size: int, mode: str = "constant") -> np.ndarray:
    """Extend samples by half a frame at either end.

    Args:
        samples: (samples,).
        size: Samples of a frame.
        mode: `constant` extends by zeros, `edge` by the first and the last sample.

    Returns:
        (samples + 2 * (size // 2),).
    """
    return np.pad(samples, size // 2, mode=mode)  # pyright: ignore[reportCallIssue, reportArgumentType]


def frame_blocks(
    samples: np.ndarray, size: int, hop: int, centred: bool = True, block: int = 0
) -> Iterator[np.ndarray]:
    """Cut samples into overlapping frames, a block of them at a time.

    Args:
        samples: (samples,).
        size: Samples of a frame.
        hop: Samples from the start of a frame to the next one's.
        centred: Centre frames on every `hop`-th sample, with zeros beyond the ends; for an even `size` these
            are 1 + samples // hop frames, as in librosa and torch.stft. Otherwise frames lie within the
            samples.
        block: Frames of a block; 0 for those that `BLOCK` samples fill.

    Yields:
        Blocks (frames, size) in order, views of the samples.
    """
    whole = padded(samples, size) if centred else samples
    frames = np.lib.stride_tricks.sliding_window_view(whole, size)[::hop]
    count = block or max(BLOCK // size, 1)
    for start in range(0, len(frames), count):
        check_deadline()
        yield frames[start : start + count]


def hann(length: int) -> np.ndarray:
    """A periodic Hann window (length,) of float64."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


def spectrum(frames: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Spectrum of windowed frames.

    Args:
        frames: (frames, size).
        window: (size,); its precision is that of the transform.

    Returns:
        Complex (frames, 1 + size // 2).
    """
    return np.fft.rfft(frames * window, axis=1)
