"""Formats with tags, and the names of genre, key and composer in each of them.

    ID3 (MP3, WAV, AIFF)         TCON  TKEY                                TCOM
    Vorbis comments (FLAC, Ogg)  GENRE INITIALKEY, also read: KEY          COMPOSER
    MP4                          ©gen  ----:com.apple.iTunes:initialkey    ©wrt

The version of an ID3 tag stays what it is; only 2.2, which mutagen does not write, becomes 2.3, and a
new tag is 2.4. ID3v1 is read and left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

from earmark.foundation.errors import PieceError, describe
from earmark.music.recordings.formats import suffix_of

KINDS = ("genre", "key", "composer")
ID3_FRAMES = {"genre": "TCON", "key": "TKEY", "composer": "TCOM"}
VORBIS_FIELDS = {"genre": ("genre",), "key": ("initialkey", "key"), "composer": ("composer",)}
MP4_ATOMS = {"genre": "©gen", "key": "----:com.apple.iTunes:initialkey", "composer": "©wrt"}
SNIFFED = 512  # bytes that tell a format; an Ogg stream names its codec within the first page
ID3_HEADER = 10  # bytes
LATIN1, UTF16, UTF8 = 0, 1, 3  # text encodings of ID3; UTF-8 since version 2.4
# How the first packet of an Ogg stream begins, and mutagen's class for it.
OGG_CODECS = {
    b"\x01vorbis": ("oggvorbis", "OggVorbis"),
    b"OpusHead": ("oggopus", "OggOpus"),
    b"\x7fFLAC": ("oggflac", "OggFLAC"),
}

Values = dict[str, list[str]]


class Tagging(Protocol):
    """Tags of one format."""

    def read(self, path: Path) -> Values:
        """Values of each kind that a file has; blank ones do not count."""
        ...

    def write(self, path: Path, new: Mapping[str, str]) -> None:
        """Set the tags of some kinds, in place."""
        ...

    def others(self, path: Path) -> object:
        """All other tags of a file, to be compared; None for a file without any tags."""
        ...


class Id3Tagging:
    """ID3v2 in front of MPEG frames. mutagen writes the tag alone: what follows it is copied as it is."""

    def read(self, path: Path) -> Values:
        """As `Tagging.read`."""
        return _id3_values(self._load(path, load_v1=True))

    def write(self, path: Path, new: Mapping[str, str]) -> None:
        """As `Tagging.write`."""
        tags = self._load(path, load_v1=False)
        if not tags and tags.version < (2, 0):
            # A reader that finds ID3v2 no longer looks at ID3v1: what that says goes along.
            tags = self._load(path, load_v1=True)
        version = _id3_set(tags, new)
        data = path.read_bytes()
        size, following = id3_extent(data)
        header = BytesIO(data[:size])
        tags.save(header, v1=0, v2_version=version, v23_sep=None)
        path.write_bytes(header.getvalue() + data[following:])

    def others(self, path: Path) -> object:
        """As `Tagging.others`."""
        return _id3_others(self._load(path, load_v1=True))

    def _load(self, path: Path, load_v1: bool) -> Any:
        from mutagen.id3 import ID3, ID3NoHeaderError

        try:
            return _id3_loaded(partial(ID3, path, load_v1=load_v1))
        except ID3NoHeaderError:
            tags = ID3()
            tags.version = (1, 0)
            return tags


class ChunkTagging:
    """ID3v2 in a chunk: WAV and AIFF."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    def read(self, path: Path) -> Values:
        """As `Tagging.read`."""
        tags = self._load(path).tags
        return {} if tags is None else _id3_values(tags)

    def write(self, path: Path, new: Mapping[str, str]) -> None:
        """As `Tagging.write`."""
        file = self._load(path)
        tags = _tags_to_set(file)
        version = _id3_set(tags, new)
        tags.save(path, v2_version=version, v23_sep=None)

    def others(self, path: Path) -> object:
        """As `Tagging.others`."""
        tags = self._load(path).tags
        return None if tags is None else _id3_others(tags)

    def _load(self, path: Path) -> Any:
        kind = _mutagen(self.module, self.name)
        file = kind(path, translate=False, load_v1=False)
        if file.tags is not None and file.tags.version < (2, 3):
            file = kind(path, translate=True, v2_version=3, load_v1=False)
        return file


class VorbisTagging:
    """Vorbis comments: FLAC, and Vorbis, Opus and FLAC in Ogg."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    def read(self, path: Path) -> Values:
        """As `Tagging.read`."""
        tags = self._load(path).tags or {}
        values = {
            kind: [value for name in names if name in tags for value in tags[name]]
            for kind, names in VORBIS_FIELDS.items()
        }
        return _without_blanks(values)

    def write(self, path: Path, new: Mapping[str, str]) -> None:
        """As `Tagging.write`."""
        file = self._load(path)
        tags = _tags_to_set(file)
        for kind, value in new.items():
            names = VORBIS_FIELDS[kind]
            for name in [name for name in names if name in tags] or names[:1]:
                tags[name.upper()] = [value]
        file.save()

    def others(self, path: Path) -> object:
        """As `Tagging.others`."""
        file = self._load(path)
        written = {name for names in VORBIS_FIELDS.values() for name in names}
        comments = [] if file.tags is None else [pair for pair in file.tags if pair[0].lower() not in written]
        blocks = [
            (block.code, block.write())
            for block in getattr(file, "metadata_blocks", [])
            if block.code not in (1, 4)  # padding, and the comments themselves
        ]
        return sorted(comments), blocks

    def _load(self, path: Path) -> Any:
        return _mutagen(self.module, self.name)(path)


class Mp4Tagging:
    """Atoms of iTunes."""

    def read(self, path: Path) -> Values:
        """As `Tagging.read`."""
        tags = self._load(path).tags or {}
        by_kind = {
            kind: [
                value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                for value in tags.get(self._name(tags, kind), [])
            ]
            for kind in KINDS
        }
        return _without_blanks(by_kind)

    def write(self, path: Path, new: Mapping[str, str]) -> None:
        """As `Tagging.write`."""
        from mutagen.mp4 import MP4FreeForm

        file = self._load(path)
        tags = _tags_to_set(file)
        for kind, value in new.items():
            name = self._name(tags, kind)
            tags[name] = [MP4FreeForm(value.encode()) if kind == "key" else value]
        file.save()

    def others(self, path: Path) -> object:
        """As `Tagging.others`."""
        tags = self._load(path).tags or {}
        written = {self._name(tags, kind) for kind in KINDS}
        return {name: repr(values) for name, values in tags.items() if name not in written}

    def _name(self, tags: Any, kind: str) -> str:
        """The name of an atom as the file spells it: programs write initialkey and INITIALKEY."""
        wanted = MP4_ATOMS[kind]
        return next((name for name in tags if name.lower() == wanted.lower()), wanted)

    def _load(self, path: Path) -> Any:
        return _mutagen("mp4", "MP4")(path)


def tagging_of(path: Path) -> tuple[str, Tagging] | None:
    """How the tags of a file are read and written.

    Args:
        path: The file; its content decides, then its suffix.

    Returns:
        The format as a suffix (`.mp3`, `.flac`, `.ogg`, `.wav`, `.aiff` or `.m4a`) and its tagging; None for
        a format without tags that earmark writes.

    Raises:
        PieceError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(SNIFFED)
            if head[:3] == b"ID3" and path.suffix.lower() == ".flac":
                file.seek(id3_extent(head)[1])
                head = file.read(4)  # a FLAC file with an ID3 tag in front
    except OSError as error:
        raise PieceError(describe(error)) from error
    if path.suffix.lower() in (".aac", ".wma", ".webm"):
        return None
    form = suffix_of(head) or path.suffix.lower()
    if form == ".mp3":
        return form, Id3Tagging()
    if form == ".flac":
        return form, VorbisTagging("flac", "FLAC")
    if form == ".ogg":
        for mark, (module, name) in OGG_CODECS.items():
            if mark in head:
                return form, VorbisTagging(module, name)
        return None
    if form == ".wav":
        return form, ChunkTagging("wave", "WAVE")
    if form == ".aiff":
        return form, ChunkTagging("aiff", "AIFF")
    if form == ".m4a":
        return form, Mp4Tagging()
    return None


def id3_extent(data: bytes) -> tuple[int, int]:
    """The extent of an ID3v2 tag at the beginning of a file.

    Args:
        data: The first ten bytes or more.

    Returns:
        Its number of bytes without its footer, and where what follows it begins; zeros without a tag.

    References:
        ID3 tag version 2.4.0, main structure, 3.1 and 3.4.
    """
    if data[:3] != b"ID3" or len(data) < ID3_HEADER:
        return 0, 0
    size = ID3_HEADER
    for power, byte in zip((21, 14, 7, 0), data[6:10], strict=True):
        size += (byte & 0x7F) << power  # seven bits of each byte count
    return size, size + (ID3_HEADER if data[5] & 0x10 else 0)


def _mutagen(module: str, name: str) -> Any:
    """A class of mutagen, which has no types; imported when it is needed."""
    import importlib

    return getattr(importlib.import_module(f"mutagen.{module}"), name)


def _tags_to_set(file: Any) -> Any:
    """The tags of a file of mutagen; added where it has none."""
    if file.tags is None:
        file.add_tags()
    return file.tags


def _id3_loaded(load: Any) -> Any:
    """A tag's frames as they are; those of version 2.2, whose names have three letters, as 2.3."""
    tags = load(translate=False)
    if (2, 0) <= tags.version < (2, 3):
        tags = load(translate=True, v2_version=3)
    return tags


def _id3_values(tags: Any) -> Values:
    return _without_blanks(
        {
            kind: [str(text) for frame in tags.getall(name) for text in frame.text]
            for kind, name in ID3_FRAMES.items()
        }
    )


def _id3_set(tags: Any, new: Mapping[str, str]) -> int:
    """Set frames; returns the minor version to save with."""
    import mutagen.id3

    version = 3 if (2, 0) <= tags.version < (2, 4) else 4
    for kind, value in new.items():
        encoding = LATIN1 if value.isascii() else UTF8 if version == 4 else UTF16
        name = ID3_FRAMES[kind]
        tags.setall(name, [getattr(mutagen.id3, name)(encoding=encoding, text=[value])])
    return version


def _id3_others(tags: Any) -> Any:
    written = set(ID3_FRAMES.values())
    frames = {key: repr(frame) for key, frame in tags.items() if frame.FrameID not in written}
    return frames, sorted(tags.unknown_frames)


def _without_blanks(values: Values) -> Values:
    filled = {kind: [text for text in texts if text.strip()] for kind, texts in values.items()}
    return {kind: texts for kind, texts in filled.items() if texts}
