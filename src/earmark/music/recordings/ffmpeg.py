"""Recordings that libsndfile does not read, or not whole, decoded by FFmpeg where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

from earmark.foundation.deadline import check_deadline, seconds_left
from earmark.foundation.errors import PieceError

TIMEOUT_S = 600


def decode_with_ffmpeg(file: Path, destination: Path, max_s: float = 0, name: str = "") -> None:
    """Write a recording as WAV at its own sampling rate and channels.

    Args:
        file: A recording in any format that FFmpeg reads.
        destination: Where to write the WAV.
        max_s: Seconds after which it is cut off; 0 for no limit.
        name: Of its format, for messages.

    Raises:
        PieceError: FFmpeg is missing, or cannot decode the file.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise PieceError(
            f"{name or 'this file'} needs a decoder that is not here: install ffmpeg, or convert it to FLAC"
        )
    # `file:` keeps a path that begins with a hyphen from being an option; other protocols are refused.
    # Without routines that it chooses by the processor, whose last digits differ.
    command = [program, "-v", "error", "-nostdin", "-cpuflags", "0", "-protocol_whitelist", "file"]
    command += ["-i", f"file:{file}"]
    limit = ["-t", f"{max_s:g}"] if max_s else []
    # Beyond 4 GB the header is one of RF64. A further stream may be a picture of the cover.
    output = ["-map", "0:a:0", *limit, "-rf64", "auto", "-f", "wav", "-y", str(destination)]
    try:
        process = subprocess.run(
            [*command, *output], capture_output=True, timeout=seconds_left(TIMEOUT_S), check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        check_deadline()
        raise PieceError(f"ffmpeg failed: {error}") from error
    if process.returncode != 0 or not destination.is_file():
        lines = process.stderr.decode(errors="replace").strip().splitlines()
        if any("matches no streams" in line for line in lines):
            raise PieceError("has no sound in it")
        reason = lines[-1].removeprefix(f"file:{file}: ") if lines else "ffmpeg gives no reason"
        raise PieceError(f"cannot be read as audio: {reason}")


def probed_s(file: Path) -> float:
    """How long a file lasts by its header, seconds; 0 where ffprobe is not installed or cannot tell."""
    program = shutil.which("ffprobe")
    if program is None:
        return 0.0
    what = ["-show_entries", "format=duration", "-of", "csv=p=0", f"file:{file}"]
    command = [program, "-v", "error", "-protocol_whitelist", "file", *what]
    try:
        process = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
        return max(float(process.stdout), 0.0)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return 0.0


@cache
def ffmpeg_version() -> str:
    """The first line of `ffmpeg -version`; "" where there is none. What is decoded may depend on it."""
    program = shutil.which("ffmpeg")
    if program is None:
        return ""
    try:
        process = subprocess.run([program, "-version"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return process.stdout.decode(errors="replace").partition("\n")[0].strip()
