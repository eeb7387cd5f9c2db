"""Labels from tags that a library already has, read with mutagen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from earmark.foundation.errors import EarmarkError, describe
from earmark.music.recordings.formats import is_music, known_suffixes
from earmark.music.sources.folder import files_below
from earmark.music.sources.origin import Origin
from earmark.music.sources.readable import fault_of, fault_of_name
from earmark.music.sources.spelling import spelled

FIELDS = ("genre", "composer", "artist")
# Of ID3, MP4, Vorbis comments and APE (which know no case), ASF.
_NAMES = {
    "genre": ("TCON", "\xa9gen", "genre", "WM/Genre"),
    "composer": ("TCOM", "\xa9wrt", "composer", "WM/Composer"),
    "artist": ("TPE1", "\xa9ART", "artist", "Author"),
    "album": ("TALB", "\xa9alb", "album", "WM/AlbumTitle"),
    "title": ("TIT2", "\xa9nam", "title", "Title"),
}
# What must not be shared by what is learned from and what is tested on, the first that a file has.
_WORK = {"genre": ("artist", "album"), "composer": ("album",), "artist": ("album",)}
_SAYS_NOTHING = re.compile(r"\W*(unknown( \w+)?|various( artists)?|other)?\W*", re.IGNORECASE)


def read_tagged(
    folder: Path, field: str, shown: Callable[[list[Path]], Iterable[Path]] = iter
) -> list[Origin]:
    """List the music below a folder, labelled by a tag.

    The first value of the tag is the label. The work is the artist where genres are labels, since an artist's
    pieces share more than their genre; else the album; a file without such a tag is a work of its own.

    Args:
        folder: The library, however its folders lie.
        field: The tag: one of FIELDS.
        shown: Shows progress through the files.

    Returns:
        The pieces, sorted by path, under their absolute paths. What cannot be read, and what has no such tag,
        has a `fault`.

    Raises:
        EarmarkError: It is no folder, or there is no music in it.

    References:
        Pampalk, E., Flexer, A., Widmer, G.: Improvements of audio-based music similarity and genre
        classification. ISMIR 2005 (artist filter).
    """
    if not folder.is_dir():
        raise EarmarkError(f"{folder} is not a folder: labels from tags are read from a folder of music")
    files = sorted(path for path in files_below(folder.resolve()) if is_music(path))
    if not files:
        raise EarmarkError(f"{folder} holds no music: known are {known_suffixes()}")
    return [_origin(path, field) for path in shown(files)]


def _origin(path: Path, field: str) -> Origin:
    name = str(path)
    fault = fault_of_name(name) or fault_of(path)
    if fault:
        return Origin(name, "", title=path.stem, file=path, fault=fault)
    try:
        tags = _tags_of(path)
    except Exception as error:  # a damaged file makes mutagen fail in many ways, and is one file's error
        fault = f"its tags cannot be read: {describe(error)}"
        return Origin(name, "", title=path.stem, file=path, fault=fault)
    label = _value(tags, field)
    works = (f"{label}/{value}" for other in _WORK[field] if (value := _value(tags, other)))
    return Origin(
        name=name,
        label=label,
        group=next(works, spelled(name)),
        title=_value(tags, "title") or path.stem,
        file=path,
        fault="" if label else f"its tags say no {field}",
    )


def _tags_of(path: Path) -> Any:
    """The tags of a file as mutagen has them; an empty mapping where there are none, or of MIDI."""
    import mutagen

    file = mutagen.File(path)
    return {} if file is None or file.tags is None else file.tags


def _value(tags: Any, field: str) -> str:
    """The first value of a field that says something; "" where none does."""
    for name in _NAMES[field]:
        try:
            found = tags.get(name)
        except (KeyError, ValueError):  # no name of this kind of tag
            continue
        if found is None:
            continue
        values = found.genres if name == "TCON" else getattr(found, "text", found)
        for value in [values] if isinstance(values, str) else list(values):
            text = spelled(str(value))
            if not _SAYS_NOTHING.fullmatch(text):
                return text
    return ""
