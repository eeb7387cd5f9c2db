"""Recorded sound: read any file, bring it to the pipeline's rate and channels, judge it.

Everything streams in blocks, so that a piece's length does not decide how much memory it takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from earmark.foundation.errors import PieceError

BLOCK = 1 << 16  # samples read at a time
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4_000, 192_000
FULL_SCALE = 32767 / 32768  # the largest value that 16 bits hold


@dataclass(frozen=True)
class Format:
    """What the pipeline's WAV files look like: sampling rate in Hz, 1 or 2 channels, 16 bits."""

    rate_hz: int
    channels: int


@dataclass(frozen=True)
class Soundness:
    """What can be told from a waveform before anything is learned from it.

    peak, rms: full scale is 1. clipped_share: samples at full scale. finite: no NaN or infinity.
    """

    duration_s: float
    peak: float
    rms: float
    clipped_share: float
    finite: bool


def blocks_of(path: Path, max_s: float = 0) -> tuple[int, Iterator[np.ndarray]]:
    """The sampling rate of an audio file, and its blocks of float32 of shape (samples, channels).

    max_s: seconds after which reading stops; 0 for none. Raises PieceError where it is unreadable.
    """
    import soundfile

    try:
        info = soundfile.info(path)
    except (soundfile.LibsndfileError, OSError) as error:
        raise PieceError(f"cannot be read as audio: {_cause(error)}") from error
    if info.samplerate <= 0 or info.frames <= 0:
        raise PieceError("audio file without samples")

    def blocks() -> Iterator[np.ndarray]:
        left = int(max_s * info.samplerate) if max_s else info.frames
        try:
            with soundfile.SoundFile(path) as file:
                while left > 0:
                    block = _read(file, min(BLOCK, left))
                    if len(block) == 0:
                        return
                    left -= len(block)
                    yield block
        except (soundfile.LibsndfileError, OSError) as error:
            raise PieceError(f"cannot be read as audio: {_cause(error)}") from error

    return info.samplerate, blocks()


def read_waveform(path: Path) -> tuple[np.ndarray, int]:
    """A whole file as float32 of shape (channels, samples), and its rate in Hz.

    Raises PieceError where it is unreadable.
    """
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            return _read(file, -1).T, file.samplerate
    except (soundfile.LibsndfileError, OSError) as error:
        raise PieceError(f"cannot be read as audio: {_cause(error)}") from error


def _read(file: Any, samples: int) -> np.ndarray:
    """The next `samples` (-1: all) as float32 (samples, channels); full scale is 1."""
    if file.subtype != "PCM_16":
        return file.read(samples, dtype="float32", always_2d=True)
    # The same values; libsndfile converts one by one, ten times slower.
    return file.read(samples, dtype="int16", always_2d=True) * np.float32(1 / 32768)


def resampled(
    blocks: Iterable[np.ndarray], rate_hz: int, target: Format, quality: str = "HQ"
) -> Iterator[np.ndarray]:
    """Blocks (samples, channels) at `rate_hz` brought to `target`'s channels, then rate (soxr)."""
    import soxr

    stream = None
    if rate_hz != target.rate_hz:
        stream = soxr.ResampleStream(rate_hz, target.rate_hz, target.channels, "float32", quality)
    for block in blocks:
        block = _mixed(block, target.channels)
        yield stream.resample_chunk(block, last=False) if stream else block
    if stream:
        yield stream.resample_chunk(np.zeros((0, target.channels), dtype=np.float32), last=True)


def _mixed(block: np.ndarray, channels: int) -> np.ndarray:
    if block.shape[1] == channels:
        return np.ascontiguousarray(block)
    if block.shape[1] == 2:  # most music; what np.mean gives, at a tenth of its time
        mono = ((block[:, 0] + block[:, 1]) * np.float32(0.5))[:, None]
    else:
        mono = block.mean(axis=1, dtype=np.float32, keepdims=True)
    return mono if channels == 1 else np.ascontiguousarray(np.repeat(mono, channels, axis=1))


def write_wav(blocks: Iterable[np.ndarray], target: Format, path: Path) -> None:
    """Write blocks (samples, channels) as 16-bit WAV.

    Raises PieceError for a NaN or an infinity, which 16 bits would turn into a click.
    """
    import soundfile

    with soundfile.SoundFile(
        path, "w", target.rate_hz, target.channels, subtype="PCM_16", format="WAV"
    ) as file:
        for block in blocks:
            if not np.isfinite(block).all():
                raise PieceError("the sound has values that are not numbers (NaN or infinity)")
            # The same values; libsndfile converts one by one, four times slower.
            file.write(np.floor(np.clip(block, -1.0, FULL_SCALE) * np.float32(32768)).astype(np.int16))


def decode(path: Path, target: Format, max_s: float, destination: Path) -> None:
    """A recording as the pipeline's WAV, its first `max_s` seconds (0: all)."""
    rate_hz, blocks = blocks_of(path, max_s)
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise PieceError(f"its sampling rate of {rate_hz} Hz is not one of music")
    write_wav(resampled(blocks, rate_hz, target), target, destination)


def judge(path: Path) -> Soundness:
    """Measure a waveform without holding it in memory. Raises PieceError where it is unreadable."""
    rate_hz, blocks = blocks_of(path)
    samples = values = clipped = 0
    peak = energy = 0.0
    finite = True
    for block in blocks:
        samples += len(block)
        values += block.size
        if not np.isfinite(block).all():
            finite = False
            block = np.nan_to_num(block)
        magnitude = np.abs(block)
        peak = max(peak, float(magnitude.max()))
        clipped += int((magnitude >= FULL_SCALE).sum())
        energy += float(np.square(block, dtype=np.float64).sum())
    return Soundness(
        duration_s=samples / rate_hz,
        peak=peak,
        rms=(energy / max(values, 1)) ** 0.5,
        clipped_share=clipped / max(values, 1),
        finite=finite,
    )


def _cause(error: Exception) -> str:
    text = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
    return str(text).strip().rstrip(".")
