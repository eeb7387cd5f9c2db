"""Recorded sound: read any file, bring it to the pipeline's rate and channels, measure it.

Everything streams in blocks: memory does not grow with the length of a piece.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from earmark.foundation.deadline import check_deadline
from earmark.foundation.errors import PieceError
from earmark.music.recordings.quiet_stderr import quiet_stderr

if TYPE_CHECKING:
    from soundfile import SoundFile

BLOCK = 1 << 16  # samples read at a time
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4_000, 768_000
_ENDLESS = 1 << 60  # samples: libsndfile does not know how many
FULL_SCALE = 32767 / 32768  # the largest value that 16 bits hold


class UndecodedError(PieceError):
    """libsndfile cannot decode a file; another decoder may."""


@dataclass(frozen=True)
class Format:
    """Format of the pipeline's WAV files, which have 16 bits a sample.

    Attributes:
        rate_hz: Sampling rate, Hz.
        channels: 1 or 2.
    """

    rate_hz: int
    channels: int


@dataclass(frozen=True)
class Soundness:
    """Measurements of a waveform by which it may be refused.

    Attributes:
        duration_s: Duration, seconds.
        peak: Largest magnitude; full scale is 1.
        rms: Root mean square over samples and channels; full scale is 1.
        clipped_share: Share of values at full scale, 0 to 1.
        finite: Whether there is no NaN and no infinity.
    """

    duration_s: float
    peak: float
    rms: float
    clipped_share: float
    finite: bool


def blocks_of(path: Path, max_s: float = 0) -> tuple[int, Iterator[np.ndarray]]:
    """Open an audio file and read it block by block.

    Args:
        path: A file in any format that libsndfile reads.
        max_s: Seconds after which reading stops; 0 for no limit.

    Returns:
        The sampling rate in Hz, and the blocks: float32 (samples, channels), full scale 1.

    Raises:
        UndecodedError: The file is unreadable or has no samples.
    """
    import soundfile

    try:
        with quiet_stderr():
            info = soundfile.info(_bytes(path))
    except (soundfile.LibsndfileError, OSError) as error:
        raise UndecodedError(f"cannot be read as audio: {_cause(error)}") from error
    if info.samplerate <= 0 or info.frames <= 0:
        raise UndecodedError("audio file without samples")

    def blocks() -> Iterator[np.ndarray]:
        remaining = int(max_s * info.samplerate) if max_s else info.frames
        try:
            with _opened(path) as file:
                while remaining > 0:
                    check_deadline()
                    with quiet_stderr():
                        block = _read(file, min(BLOCK, remaining))
                    if len(block) == 0:
                        return
                    remaining -= len(block)
                    yield block
        except (soundfile.LibsndfileError, OSError) as error:
            raise UndecodedError(f"cannot be read as audio: {_cause(error)}") from error

    return info.samplerate, blocks()


def stated_s(path: Path) -> float:
    """How long a file lasts by its header, seconds; 0 where libsndfile cannot tell."""
    import soundfile

    try:
        with quiet_stderr():
            info = soundfile.info(_bytes(path))
    except (soundfile.LibsndfileError, OSError):
        return 0.0
    if info.samplerate <= 0 or not 0 < info.frames < _ENDLESS:
        return 0.0
    return info.frames / info.samplerate


def read_waveform(path: Path) -> tuple[np.ndarray, int]:
    """Read a whole audio file.

    Returns:
        Float32 (channels, samples), full scale 1, and the sampling rate in Hz.

    Raises:
        PieceError: The file is unreadable.
    """
    import soundfile

    try:
        with _opened(path) as file, quiet_stderr():
            return _read(file, -1).T, file.samplerate
    except (soundfile.LibsndfileError, OSError) as error:
        raise PieceError(f"cannot be read as audio: {_cause(error)}") from error


def span_of(path: Path) -> tuple[int, int]:
    """Open an audio file and tell its sampling rate in Hz, and its samples.

    Raises:
        PieceError: The file is unreadable or has no samples.
    """
    import soundfile

    try:
        with quiet_stderr():
            info = soundfile.info(_bytes(path))
    except (soundfile.LibsndfileError, OSError) as error:
        raise PieceError(f"cannot be read as audio: {_cause(error)}") from error
    if info.samplerate <= 0 or not 0 < info.frames < _ENDLESS:
        raise PieceError("audio file without samples")
    return info.samplerate, info.frames


def read_span(path: Path, first: int, end: int) -> np.ndarray:
    """Read samples `first` to `end` of an audio file: float32 (channels, samples), full scale 1.

    Raises:
        PieceError: The file is unreadable.
    """
    import soundfile

    try:
        with _opened(path) as file, quiet_stderr():
            file.seek(first)
            return _read(file, end - first).T
    except (soundfile.LibsndfileError, OSError) as error:
        raise PieceError(f"cannot be read as audio: {_cause(error)}") from error


def _opened(path: Path) -> SoundFile:
    import soundfile

    with quiet_stderr():
        return soundfile.SoundFile(_bytes(path))


def _read(file: SoundFile, samples: int) -> np.ndarray:
    """Return the next `samples` (-1: all) as float32 (samples, channels); full scale is 1."""
    if file.subtype != "PCM_16":
        return file.read(samples, dtype="float32", always_2d=True)
    # The same values; libsndfile converts one by one, ten times slower.
    return file.read(samples, dtype="int16", always_2d=True) * np.float32(1 / 32768)


def resampled(
    blocks: Iterable[np.ndarray], rate_hz: int, target: Format, quality: str = "HQ"
) -> Iterator[np.ndarray]:
    """Bring blocks to another number of channels, then to another sampling rate (soxr).

    Args:
        blocks: Float32 (samples, channels).
        rate_hz: Their sampling rate, Hz.
        target: The format wanted.
        quality: soxr's name of a filter, for example `HQ` or `VHQ`.

    Yields:
        Float32 (samples, target.channels); the resampler's delay makes some of them empty.
    """
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
    """Mix (samples, any) to (samples, channels); each channel is the mean where the numbers differ."""
    if block.shape[1] == channels:
        return np.ascontiguousarray(block)
    if block.shape[1] == 2:  # most music; what np.mean gives, at a tenth of its time
        mono = ((block[:, 0] + block[:, 1]) * np.float32(0.5))[:, None]
    else:
        mono = block.mean(axis=1, dtype=np.float32, keepdims=True)
    return mono if channels == 1 else np.ascontiguousarray(np.repeat(mono, channels, axis=1))


def write_wav(blocks: Iterable[np.ndarray], target: Format, path: Path) -> None:
    """Write blocks as 16-bit WAV; what exceeds full scale is clipped.

    Args:
        blocks: Float32 (samples, target.channels), full scale 1.
        target: Sampling rate and channels of the file.
        path: Where to write it.

    Raises:
        PieceError: A block holds a NaN or an infinity, which 16 bits would turn into a click.
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


def measure_sound(path: Path) -> Soundness:
    """Measure a waveform block by block.

    Raises:
        PieceError: The file is unreadable or has no samples.
    """
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


def _bytes(path: Path) -> Any:
    """A path for soundfile, which takes bytes, and refuses text that stands for bytes that are no UTF-8."""
    return os.fsencode(path)


def _cause(error: Exception) -> str:
    """Return libsndfile's or the system's reason without the path, which messages name elsewhere."""
    import soundfile

    text = str(error)
    if isinstance(error, soundfile.LibsndfileError):
        text = error.error_string or text
        if "possibly a pipe" in text:  # of any file that it cannot open or measure
            return "it cannot be opened, or nothing is in it"
    elif isinstance(error, OSError):
        text = error.strerror or text
    return text.strip().rstrip(".")
