"""A digest of what tagging must not change in a file: its audio frames, and tags that are never written."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from earmark.apps.tags.atoms import atoms_of, places_of
from earmark.apps.tags.id3_bytes import tag_end
from earmark.apps.tags.mpeg_tags import front_end, mapped, v1_genre_place
from earmark.apps.tags.ogg_tags import CHECKSUM_END, NUMBER, pages_of
from earmark.apps.tags.wav_tags import HEAD, SOUND, chunks_of
from earmark.foundation.errors import PieceError

BLOCK = 1 << 20  # bytes read at a time
MARK = 4  # bytes of the mark `fLaC`, and of the head of each block after it
OFFSETS = (b"stco", b"co64")  # atoms that say where each chunk of sound begins


def audio_digest(path: Path, form: str) -> str:
    """SHA-256 of the audio frames of a file, and of what lies among and behind them.

    MP3: all from the end of the ID3v2 tag in front to the genre of an ID3v1 tag, or to the end. FLAC: all
    that follows the metadata blocks. Ogg: the pages with sound but for their numbers and checksums, and what
    follows. WAV, AIFF: the chunk with the samples. MP4: the media data, and where in it each chunk of sound
    begins.

    Args:
        path: The file.
        form: Its format, as `tagging_of` gives it.

    Returns:
        The digest in hexadecimal.

    Raises:
        PieceError: The file is not of this format.
    """
    parts = {
        ".mp3": _mpeg,
        ".flac": _flac,
        ".ogg": _ogg,
        ".wav": _chunk,
        ".aiff": _chunk,
        ".m4a": _mp4,
    }[form]
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            for part in parts(file):
                digest.update(part)
    except (struct.error, EOFError, ValueError) as error:
        raise PieceError(f"is not a sound {form} file: {error}") from error
    return digest.hexdigest()


def _read(file: BinaryIO, size: int | None = None) -> Iterator[bytes]:
    """The next `size` bytes, or all that is left."""
    while size is None or size > 0:
        block = file.read(BLOCK if size is None else min(BLOCK, size))
        if not block:
            return
        if size is not None:
            size -= len(block)
        yield block


def _mpeg(file: BinaryIO) -> Iterator[bytes]:
    with mapped(Path(file.name)) as data:
        start, genre = tag_end(data), v1_genre_place(data)
    file.seek(start)
    yield from _read(file, genre - start if genre else None)


def _flac(file: BinaryIO) -> Iterator[bytes]:
    with mapped(Path(file.name)) as data:
        file.seek(front_end(data))
    if file.read(MARK) != b"fLaC":
        raise ValueError("it lacks the mark fLaC")
    last = False
    while not last:
        (head,) = struct.unpack(">I", file.read(MARK))
        last = bool(head >> 31)  # the first bit says whether it is the last block, 24 bits its length
        file.seek(head & 0xFFFFFF, 1)
    yield from _read(file)


def _ogg(file: BinaryIO) -> Iterator[bytes]:
    with mapped(Path(file.name)) as data:
        start = front_end(data)
        if data[start : start + 4] != b"OggS":
            raise ValueError("it lacks the mark OggS")
        pages = pages_of(data, start)
        sounding = next((n for n, page in enumerate(pages) if page.position > 0), len(pages))
        for page in pages[sounding:]:
            yield data[page.start : page.start + NUMBER]
            yield data[page.start + CHECKSUM_END : page.end]
        start = pages[-1].end if pages else start
    file.seek(start)  # what is no page, as far as that is known
    yield from _read(file)


def _chunk(file: BinaryIO) -> Iterator[bytes]:
    with mapped(Path(file.name)) as data:
        _, chunks = chunks_of(data)
    sound = next((chunk for chunk in chunks if chunk.name in SOUND), None)
    if sound is None:
        raise ValueError("it has no chunk with sound")
    file.seek(sound.start + HEAD)
    yield from _read(file, sound.end - sound.start - HEAD)


def _mp4(file: BinaryIO) -> Iterator[bytes]:
    with mapped(Path(file.name)) as data:
        atoms = atoms_of(data)
        if not any(atom.path == (b"moov",) for atom in atoms):
            raise ValueError("it has no atom moov")
        media = [(atom.content, atom.end) for atom in atoms if atom.path == (b"mdat",)]
        places = [place for atom in atoms if atom.name in OFFSETS for _, _, place in places_of(data, atom)]
    for start, end in media:
        file.seek(start)
        yield from _read(file, end - start)
    for place in places:
        number = next((n for n, (start, end) in enumerate(media) if start <= place < end), -1)
        yield struct.pack(">iQ", number, place - media[number][0] if number >= 0 else place)
