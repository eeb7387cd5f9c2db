"""Recordings in formats that libsndfile does not read, decoded by FFmpeg where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from earmark.foundation.errors import PieceError

TIMEOUT_S = 600


def decode_with_ffmpeg(file: Path, destination: Path) -> None:
    """Write `file` as WAV at its own rate. Raises PieceError where FFmpeg is missing or cannot decode it."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise PieceError(
            f"{file.suffix} needs a decoder that is not here: install ffmpeg, or convert it to FLAC"
        )
    # A path that begins with a hyphen must not be read as an option; protocols other than files are shut.
    command = [program, "-v", "error", "-nostdin", "-protocol_whitelist", "file", "-i", f"file:{file}"]
    try:
        done = subprocess.run(
            [*command, "-vn", "-y", str(destination)], capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PieceError(f"ffmpeg failed: {error}") from error
    if done.returncode != 0 or not destination.is_file():
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise PieceError(f"cannot be read as audio: {lines[-1] if lines else 'ffmpeg gives no reason'}")
