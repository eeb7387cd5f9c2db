"""How long a recording should last by its own frames, pages or header, and what of it is not heard."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from earmark.foundation.errors import PieceError
from earmark.music.recordings import mpeg_frames, ogg_pages, riff_chunks
from earmark.music.recordings.audio import stated_s
from earmark.music.recordings.ffmpeg import probed_s
from earmark.music.recordings.formats import LIBSNDFILE, MPEG, OGG, WAV, FileFormat

TOLERANCE_S = 0.1
_FRAMES = 4  # of MPEG audio: an encoder's delay and padding, which players leave out
_WORTH_SAYING_S = 0.5
_STATING = ("MP4", "WMA", "Matroska", "Monkey's Audio", "WavPack", "True Audio")
"""Formats whose header says how long they last."""


@dataclass(frozen=True)
class Expected:
    """How long a recording should last.

    Attributes:
        duration_s: Seconds.
        tolerance_s: Seconds by which what is heard may differ.
        whole_s: How long it lasted before it was cut short or damaged, where that can be told; else 0.
        is_damaged: Whether that is told by bytes that are no sound.
    """

    duration_s: float
    tolerance_s: float = TOLERANCE_S
    whole_s: float = 0.0
    is_damaged: bool = False

    def agrees(self, heard_s: float) -> bool:
        """Whether a duration is the expected one."""
        return abs(heard_s - self.duration_s) <= self.tolerance_s


def expected(file: Path, form: FileFormat | None) -> Expected | None:
    """Find out how long a recording should last, without decoding it.

    Args:
        file: The recording.
        form: Its format.

    Returns:
        None where only decoding tells.

    Raises:
        PieceError: It cannot be read.
    """
    try:
        if form == MPEG:
            extent = mpeg_frames.extent(file)
            tolerance_s = max(TOLERANCE_S, _FRAMES * extent.frame_s)
            whole_s = extent.stated_s or (extent.duration_s + extent.lost_s if extent.lost_s else 0.0)
            return Expected(extent.duration_s, tolerance_s, whole_s, is_damaged=not extent.stated_s)
        if form == OGG and (duration_s := ogg_pages.duration_s(file)):
            return Expected(duration_s)
    except OSError as error:
        raise PieceError(f"cannot be read: {error.strerror}") from error
    if form is None or form.library == LIBSNDFILE:
        duration_s = stated_s(file)
        whole_s = duration_s * riff_chunks.stated_share(file) if form == WAV else 0.0
        return Expected(duration_s, TOLERANCE_S, whole_s) if duration_s else None
    if form.name in _STATING and (duration_s := probed_s(file)):
        return Expected(duration_s)
    return None


def unheard(file: Path, form: FileFormat | None, heard_s: float, max_s: float) -> str:
    """Say what of a recording is not heard.

    Args:
        file: The recording.
        form: Its format.
        heard_s: Seconds of it that are.
        max_s: Seconds after which it is cut off on purpose; 0 for no limit.

    Returns:
        In words; "" where all of it is heard.
    """
    whole = expected(file, form)
    if whole is None:
        return ""
    all_s = max(whole.duration_s, whole.whole_s)
    wanted_s = min(all_s, max_s) if max_s else all_s
    if heard_s >= wanted_s - max(whole.tolerance_s, _WORTH_SAYING_S):
        return ""
    remedy = ""
    if whole.whole_s > whole.duration_s:
        remedy = ": the rest is damaged" if whole.is_damaged else ": the file is cut short"
    elif shutil.which("ffmpeg") is None:
        remedy = ": ffmpeg, which is not installed, may hear the rest"
    return f"{heard_s:.1f} of its {all_s:.1f} s are heard{remedy}"
