"""One `fluidsynth` process a file, one after the other."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

TIME_LIMIT_S = 60  # some valid files never end


def is_installed() -> bool:
    """Whether the command is on the path."""
    return shutil.which("fluidsynth") is not None


def render(
    midi: Path,
    wav: Path,
    soundfont: Path,
    rate_hz: int = 44_100,
    gain: float = 0.2,
    effects: bool = True,
    options: tuple[str, ...] = (),
) -> bool:
    """Write MIDI as stereo WAV of 16 bits.

    Returns:
        Whether there is a sound: not where the command never ends or the WAV is empty.
    """
    switches = [] if effects else ["-R", "0", "-C", "0"]
    settings = [word for option in options for word in ("-o", option)]
    command = ["fluidsynth", "-n", "-i", "-q", "-g", str(gain), "-r", str(rate_hz), *switches, *settings]
    command += ["-T", "wav", "-O", "s16", "-F", str(wav), str(soundfont), str(midi)]
    try:
        subprocess.run(
            command, timeout=TIME_LIMIT_S, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired:
        wav.unlink(missing_ok=True)
        return False
    return wav.is_file() and wav.stat().st_size > 1000
