"""Numbers of any file of music: timbre, loudness, tempo, key."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from earmark.identify.describe.numbers import describe_file
from earmark.identify.describe.sound import write_sound


def describe(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Numbers of a file of music, as `earmark describe` prints them.

    The file is brought to 22,050 Hz and one channel, so that numbers of files compare; MIDI is played with
    its own instruments and tempo.

    Args:
        path: MIDI or a recording.

    Returns:
        duration_s; tempo_bpm, None without onsets; key, "" without pitch, and its key_correlation; then
        NAME_mean and NAME_sd, over time, of every descriptor.

    Raises:
        PieceError: The file cannot be heard.
    """
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        wav = Path(folder) / "sound.wav"
        write_sound(Path(path), wav)
        return describe_file(wav)
