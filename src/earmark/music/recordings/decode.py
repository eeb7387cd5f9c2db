"""A recording decoded whole: by libsndfile, or by FFmpeg where libsndfile fails or stops early."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from earmark.foundation.errors import PieceError
from earmark.music.recordings.audio import (
    HIGHEST_RATE_HZ,
    LOWEST_RATE_HZ,
    Format,
    UndecodedError,
    blocks_of,
    resampled,
    write_wav,
)
from earmark.music.recordings.expected import TOLERANCE_S, Expected, expected
from earmark.music.recordings.ffmpeg import decode_with_ffmpeg
from earmark.music.recordings.formats import LIBSNDFILE, MPEG, FileFormat, format_of
from earmark.music.recordings.mixing import ChannelProducts

_LEAST_SHARE = 0.9  # of what libsndfile hears that FFmpeg must hear to be the one that is believed


def decode(file: Path, target: Format, max_s: float, destination: Path) -> None:
    """Write a recording as the pipeline's WAV.

    Args:
        file: The recording, whatever its suffix.
        target: The format wanted.
        max_s: Seconds after which it is cut off; 0 for no limit.
        destination: Where to write the WAV.

    Raises:
        PieceError: The file cannot be decoded, its rate is not one of music, or a value is not finite.
    """
    form = format_of(file)
    heard_s, fault = 0.0, None
    if form is None or form.library == LIBSNDFILE:
        whole = expected(file, form)
        try:
            if form == MPEG and whole and whole.duration_s == 0:
                raise UndecodedError("cannot be read as audio: there are no frames of MPEG audio in it")
            heard_s = _convert(file, target, max_s, destination)
        except UndecodedError as error:
            fault = error
        else:
            if _is_whole(heard_s, max_s, whole):
                return
    try:
        _decode_elsewhere(file, form, target, max_s, destination, _LEAST_SHARE * heard_s)
    except PieceError:
        if heard_s:
            return  # what is missing is said by `unheard`
        if fault is None:
            raise
        raise _with_remedy(fault, form) from None


def _with_remedy(fault: PieceError, form: FileFormat | None) -> PieceError:
    if form is None or shutil.which("ffmpeg"):
        return fault
    return PieceError(f"{fault}; ffmpeg, which is not installed, may decode it")


def _is_whole(heard_s: float, max_s: float, whole: Expected | None) -> bool:
    if max_s and heard_s >= max_s - TOLERANCE_S:
        return True
    return whole is not None and whole.agrees(heard_s)


def _decode_elsewhere(
    file: Path, form: FileFormat | None, target: Format, max_s: float, destination: Path, least_s: float
) -> None:
    """Decode by FFmpeg; `destination` is replaced where `least_s` seconds or more are heard."""
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        plain, wav = Path(folder) / "decoded.wav", Path(folder) / "sound.wav"
        decode_with_ffmpeg(file, plain, max_s, form.name if form else "")
        if _convert(plain, target, max_s, wav) >= least_s:
            shutil.move(os.fspath(wav), destination)


def _convert(file: Path, target: Format, max_s: float, destination: Path) -> float:
    """Write what libsndfile decodes as the pipeline's WAV; returns how many seconds of the file that is."""
    rate_hz, blocks = blocks_of(file, max_s)
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise PieceError(f"its sampling rate of {rate_hz} Hz is not one of music")
    products = ChannelProducts()
    write_wav(resampled(products.passing(blocks), rate_hz, target), target, destination)
    if not products.samples:
        raise UndecodedError("audio file without samples")
    if target.channels == 1 and (signs := products.signs()) is not None:
        _, blocks = blocks_of(file, max_s)
        write_wav(resampled((block * signs for block in blocks), rate_hz, target), target, destination)
    return products.samples / rate_hz
