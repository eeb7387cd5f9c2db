"""How the tags of a file are read and written, by its format.

    ID3 (MP3, WAV, AIFF)         TCON  TKEY                                TCOM      TBPM
    Vorbis comments (FLAC, Ogg)  GENRE INITIALKEY                          COMPOSER  BPM
    MP4                          ©gen  ----:com.apple.iTunes:initialkey    ©wrt      tmpo

These are written. What counts as there is more: any tag of a file, under any usual name (docs/formats.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from earmark.apps.tags.flac_tags import FlacTagging
from earmark.apps.tags.mp4_tags import Mp4Tagging
from earmark.apps.tags.mpeg_tags import MpegTagging, front_end, mapped
from earmark.apps.tags.ogg_tags import OGG_CODECS, OggTagging
from earmark.apps.tags.tag_kinds import New, Values
from earmark.apps.tags.wav_tags import ChunkTagging
from earmark.foundation.errors import PieceError
from earmark.music.recordings.formats import format_of
from earmark.music.sources.readable import fault_of

SNIFFED = 512  # bytes; an Ogg stream names its codec within the first page


class Tagging(Protocol):
    """Tags of one format."""

    def read(self, path: Path) -> Values:
        """Values of each kind that a file has; those that say nothing do not count."""
        ...

    def write(self, path: Path, new: New) -> None:
        """Set the tags of some kinds, in place."""
        ...

    def others(self, path: Path, kinds: Sequence[str]) -> object:
        """The bytes of all other tags, to be compared; None for a file without any tags."""
        ...


_BY_NAME: dict[str, tuple[str, Tagging]] = {
    "MP3": (".mp3", MpegTagging()),
    "FLAC": (".flac", FlacTagging()),
    "WAV": (".wav", ChunkTagging()),
    "AIFF": (".aiff", ChunkTagging()),
    "MP4": (".m4a", Mp4Tagging()),
}


def tagging_of(path: Path) -> tuple[str, Tagging] | None:
    """How the tags of a file are read and written.

    Args:
        path: The file; its content decides, then its suffix.

    Returns:
        The format as a suffix (`.mp3`, `.flac`, `.ogg`, `.wav`, `.aiff` or `.m4a`) and its tagging; None for
        a format without tags that earmark writes.

    Raises:
        PieceError: The file cannot be read, or is no music.
    """
    if fault := fault_of(path):  # an open pipe may wait for ever
        raise PieceError(fault)
    form = format_of(path)
    if form is None:
        return None
    if form.name == "Ogg":
        return _ogg(path)
    return _BY_NAME.get(form.name)


def _ogg(path: Path) -> tuple[str, Tagging] | None:
    try:
        with mapped(path) as data:
            start = front_end(data)
            head = bytes(data[start : start + SNIFFED])
    except OSError as error:
        raise PieceError(f"cannot be read: {error.strerror}") from error
    mark = next((mark for mark in OGG_CODECS if mark in head), None)
    return (".ogg", OggTagging(mark)) if mark else None
