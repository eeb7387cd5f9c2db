"""Numbers of one file: timbre, loudness, tempo, key."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from earmark.identify.describe.numbers import describe_sound, read_sound
from earmark.identify.describe.sound import write_sound


def describe(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Numbers of a file of music, as `earmark describe` prints them (see `describe_sound`).

    It is brought to 22,050 Hz and one channel, so that numbers compare; MIDI is played with its own
    instruments and tempo. Raises PieceError where it cannot be heard.
    """
    with tempfile.TemporaryDirectory(prefix="earmark-") as folder:
        wav = Path(folder) / "sound.wav"
        write_sound(Path(path), wav)
        return describe_sound(*read_sound(wav))
