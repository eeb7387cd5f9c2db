"""Formats of files of music, told by their content first and by their suffix where the content does not say.

One list for everything that reads music: `use`, the stages, `identify`, `tag`, `describe`, the server.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from earmark.foundation.errors import PieceError
from earmark.music.recordings.id3_extent import id3_extent
from earmark.music.recordings.mpeg_frames import has_frames

SNIFFED = 4096  # bytes at the beginning that are looked at
LIBSNDFILE, FFMPEG, OWN = "libsndfile", "ffmpeg", "earmark and FluidSynth"


@dataclass(frozen=True)
class FileFormat:
    """A format of files of music.

    Attributes:
        name: What people call it.
        library: What reads it.
        suffixes: Of its files, the usual one first.
        marks: Bytes that tell it, and where they stand.
    """

    name: str
    library: str
    suffixes: tuple[str, ...]
    marks: tuple[tuple[int, bytes], ...]

    @property
    def media(self) -> str:
        """`midi` or `audio`."""
        return "midi" if self.name == "MIDI" else "audio"

    @property
    def suffix(self) -> str:
        """The usual suffix."""
        return self.suffixes[0]


# MacBinary puts 128 bytes in front of a file. 64-bit WAV is RF64 or BW64, WAV of big-endian numbers RIFX.
MIDI = FileFormat(
    "MIDI", OWN, (".mid", ".midi", ".kar", ".rmi", ".smf"), ((0, b"MThd"), (128, b"MThd"), (8, b"RMID"))
)
WAV = FileFormat("WAV", LIBSNDFILE, (".wav", ".wave", ".bwf", ".rf64"), ((8, b"WAVE"),))
FLAC = FileFormat("FLAC", LIBSNDFILE, (".flac", ".fla"), ((0, b"fLaC"),))
OGG = FileFormat("Ogg", LIBSNDFILE, (".ogg", ".oga", ".opus", ".spx"), ((0, b"OggS"),))
MPEG = FileFormat("MP3", LIBSNDFILE, (".mp3", ".mp2", ".mp1", ".mpga"), ())
AAC = FileFormat("AAC", FFMPEG, (".aac",), ((0, b"ADIF"),))
FORMATS = (
    MIDI,
    WAV,
    FLAC,
    OGG,
    MPEG,
    AAC,
    FileFormat("AIFF", LIBSNDFILE, (".aiff", ".aif", ".aifc"), ((8, b"AIFF"), (8, b"AIFC"))),
    FileFormat("AU", LIBSNDFILE, (".au", ".snd"), ((0, b".snd"), (0, b"dns."))),
    FileFormat("VOC", LIBSNDFILE, (".voc",), ((0, b"Creative Voice File"),)),
    FileFormat("NIST SPHERE", LIBSNDFILE, (".sph",), ((0, b"NIST_1A"),)),
    FileFormat("CAF", LIBSNDFILE, (".caf",), ((0, b"caff"),)),
    FileFormat("Wave64", LIBSNDFILE, (".w64",), ((0, b"riff\x2e\x91\xcf\x11"),)),
    FileFormat(
        "MP4",
        FFMPEG,
        (".m4a", ".mp4", ".m4b", ".mov", ".3gp"),
        ((4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"wide")),
    ),
    FileFormat("WMA", FFMPEG, (".wma", ".asf"), ((0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),)),
    FileFormat("Matroska", FFMPEG, (".mka", ".webm", ".mkv"), ((0, b"\x1a\x45\xdf\xa3"),)),
    FileFormat("Monkey's Audio", FFMPEG, (".ape",), ((0, b"MAC "),)),
    FileFormat("WavPack", FFMPEG, (".wv",), ((0, b"wvpk"),)),
    FileFormat("True Audio", FFMPEG, (".tta",), ((0, b"TTA1"), (0, b"TTA2"))),
    FileFormat("Musepack", FFMPEG, (".mpc",), ((0, b"MPCK"), (0, b"MP+"))),
    FileFormat("AC-3", FFMPEG, (".ac3", ".eac3"), ((0, b"\x0b\x77"),)),
    FileFormat("DSD", FFMPEG, (".dsf", ".dff"), ((0, b"DSD "), (0, b"FRM8"))),
    FileFormat("AMR", FFMPEG, (".amr",), ((0, b"#!AMR"),)),
)
DECODED_BY_PROCESSOR = (OGG, MPEG)  # whose decoders choose routines by the processor
BY_SUFFIX = {suffix: form for form in FORMATS for suffix in form.suffixes}
MUSIC_SUFFIXES = tuple(BY_SUFFIX)
NOT_MUSIC = (
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML file (scores are read as MIDI)"),
    (b"<score-p", "an XML file (scores are read as MIDI)"),
    (b"%pdf", "a PDF file"),
    (b"pk\x03\x04", "a ZIP archive"),
    (b"rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89png", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"gif8", "a picture"),
    (b"sqlite format 3", "a database"),
    (b"\x7felf", "a program"),
    (b"version https://git-lfs", "a pointer of Git LFS: git lfs pull"),
)
"""Beginnings of files that often bear the suffix of music, in small letters."""


def format_of(file: Path) -> FileFormat | None:
    """Tell the format of a file by its content, else by its suffix.

    Args:
        file: A regular file.

    Returns:
        The format; None where neither tells it.

    Raises:
        PieceError: The file cannot be read, or holds something else, whatever its suffix says.
    """
    try:
        with file.open("rb") as handle:
            return _sniffed(handle) or format_of_name(file.name)
    except OSError as error:
        raise PieceError(f"cannot be read: {error.strerror}") from error


def format_of_name(name: str) -> FileFormat | None:
    """Tell the format of a file by its suffix; None where it is not of music."""
    return BY_SUFFIX.get(Path(name).suffix.lower())


def suffix_of(data: bytes) -> str:
    """Tell the usual suffix of the format that a file's bytes are in.

    Returns:
        For example `.flac`; "" where the bytes do not tell.

    Raises:
        PieceError: They are something else.
    """
    form = _sniffed(BytesIO(data))
    return form.suffix if form else ""


def is_music(file: Path) -> bool:
    """Tell whether a file has a suffix of music or, whatever its suffix, the content."""
    if format_of_name(file.name):
        return True
    try:
        return file.is_file() and format_of(file) is not None
    except PieceError:
        return False


def media_of(file: Path) -> str:
    """Return `midi` or `audio`, which a file of unknown format may be.

    Raises:
        PieceError: As `format_of` does.
    """
    form = format_of(file)
    return form.media if form else "audio"


def known_suffixes(forms: Sequence[FileFormat] = FORMATS) -> str:
    """List the suffixes of music, for messages."""
    return " ".join(suffix for form in forms for suffix in form.suffixes)


def _sniffed(handle: BinaryIO) -> FileFormat | None:
    """The format by content; None where it does not tell. Raises PieceError where it is no music."""
    head = handle.read(SNIFFED)
    begins = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    for mark, name in NOT_MUSIC:
        if begins.startswith(mark):
            raise PieceError(f"is {name}, not music")
    tagged = False
    while following := id3_extent(head)[1]:  # several tags may follow each other
        handle.seek(following - len(head), os.SEEK_CUR)
        head, tagged = handle.read(SNIFFED), True
    for form in FORMATS:
        if any(head[place : place + len(mark)] == mark for place, mark in form.marks):
            return form
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:  # the sync word of ADTS
        return AAC
    return MPEG if tagged or has_frames(head) else None
