"""Recordings in formats that libsndfile does not read, decoded by FFmpeg where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from earmark.foundation.errors import PieceError

TIMEOUT_S = 600


def decode_with_ffmpeg(file: Path, destination: Path) -> None:
    """Write a recording as WAV at its own sampling rate and channels.

    Args:
        file: A recording in any format that FFmpeg reads.
        destination: Where to write the WAV.

    Raises:
        PieceError: FFmpeg is missing, or cannot decode the file.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise PieceError(
            f"{file.suffix} needs a decoder that is not here: install ffmpeg, or convert it to FLAC"
        )
    # `file:` keeps a path that begins with a hyphen from being an option; other protocols are refused.
    command = [program, "-v", "error", "-nostdin", "-protocol_whitelist", "file", "-i", f"file:{file}"]
    try:
        process = subprocess.run(
            [*command, "-vn", "-y", str(destination)], capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PieceError(f"ffmpeg failed: {error}") from error
    if process.returncode != 0 or not destination.is_file():
        lines = process.stderr.decode(errors="replace").strip().splitlines()
        raise PieceError(f"cannot be read as audio: {lines[-1] if lines else 'ffmpeg gives no reason'}")
