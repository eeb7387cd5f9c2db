"""Tags of MP4: atoms of iTunes, and free ones by any of their usual names.

mutagen writes them; every other atom is compared byte by byte afterwards.

References:
    ISO/IEC 14496-12, 4.2 (atoms, which the standard calls boxes).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from earmark.apps.tags.kinds import Values, filled, kind_of
from earmark.apps.tags.mpeg import mapped

ATOMS = {"genre": "©gen", "key": "----:com.apple.iTunes:initialkey", "composer": "©wrt"}
FREE = "----:"  # begins the names of free atoms
_KINDS = {"©gen": "genre", "gnre": "genre", "©wrt": "composer"}
_CONTAINERS = (b"moov", b"udta", b"trak", b"mdia", b"minf", b"stbl", b"meta", b"ilst")
_CHANGING = (b"free", b"skip", b"stco", b"co64", b"mdat")  # room, and places of the sound: see audio_digest
_META = 4  # bytes of version and flags before the atoms of meta


class Mp4Tagging:
    """Tags of MP4."""

    def read(self, path: Path) -> Values:
        """Values of each kind that a file has."""
        tags = self._load(path).tags or {}
        return filled((_kind(name), text) for name, values in tags.items() for text in _texts(name, values))

    def write(self, path: Path, new: Mapping[str, str]) -> None:
        """Set the tags of some kinds."""
        from mutagen.mp4 import MP4FreeForm

        file = self._load(path)
        if file.tags is None:
            file.add_tags()
        tags: Any = file.tags
        for kind, value in new.items():
            names = [name for name in tags if _kind(name) == kind] or [ATOMS[kind]]
            for name in names[1:]:
                del tags[name]
            tags[names[0]] = [MP4FreeForm(value.encode()) if names[0].startswith(FREE) else value]
        file.save()

    def others(self, path: Path, kinds: Sequence[str]) -> object:
        """All atoms but those of some kinds, those with sound and those that state where it is."""
        with mapped(path) as data:
            return sorted(
                atom for atom in _atoms(data, 0, len(data)) if _kind_of_atom(atom[1], atom[2]) not in kinds
            )

    def _load(self, path: Path) -> Any:
        from mutagen.mp4 import MP4

        return MP4(path)


def _kind(name: str) -> str | None:
    """The kind of an atom by mutagen's name of it; gnre, a number, is read as ©gen."""
    if name.startswith(FREE):
        return kind_of(name.rpartition(":")[2])
    return _KINDS.get(name)


def _texts(name: str, values: Any) -> list[str]:
    if _kind(name) is None:
        return []
    return [value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in values]


def _kind_of_atom(name: bytes, content: bytes) -> str | None:
    if name != b"----":
        return _KINDS.get(name.decode("latin-1"))
    place = content.find(b"name")  # after the atom mean; version and flags, then the name itself
    if place < _META:
        return None
    size = int.from_bytes(content[place - 4 : place], "big")
    return kind_of(content[place + 8 : place - 4 + size].decode("latin-1"))


def _atoms(data: Any, start: int, end: int, path: tuple[bytes, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Path, name and content of the atoms that hold no others."""
    while start + 8 <= end:
        size, name = int.from_bytes(data[start : start + 4], "big"), bytes(data[start + 4 : start + 8])
        head = 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        last = min(start + size if size else end, end)
        if last < start + head:
            return
        if name in _CONTAINERS:
            inside = start + head + (_META if name == b"meta" else 0)
            yield from _atoms(data, inside, last, (*path, name))
        elif name not in _CHANGING and (*path[-1:], name) != (b"meta", b"hdlr"):
            yield path, name, bytes(data[start + head : last])
        start = last
