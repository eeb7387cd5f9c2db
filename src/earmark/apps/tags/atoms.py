"""Atoms of MP4: found, and replaced so that everything still says where the sound is.

References:
    ISO/IEC 14496-12, 4.2 (atoms, which the standard calls boxes), 8.7.5 (stco, co64), 8.8.7 (tfhd),
    8.8.10 (tfra); Apple, QuickTime File Format (meta without a version, the zeros at the end of udta).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from earmark.apps.tags.splice import Edit
from earmark.foundation.errors import PieceError

HEAD = 8  # bytes: size and name
CONTAINERS = (
    b"moov",
    b"udta",
    b"trak",
    b"mdia",
    b"minf",
    b"stbl",
    b"meta",
    b"ilst",
    b"moof",
    b"traf",
    b"mfra",
)
FREE = (b"free", b"skip")
_OTHER_PLACES = (b"saio", b"iloc")  # name places, too; they belong to encrypted files and to pictures


@dataclass(frozen=True)
class Atom:
    """An atom.

    Attributes:
        path: Names from the outside in; the last one is empty for bytes that are no atom.
        parents: The atoms around it, from the outside in.
        start: Where it begins.
        content: Where what follows its size and name begins.
        end: Where it ends.
        is_cut: Whether the file ends before it does.
    """

    path: tuple[bytes, ...]
    parents: tuple[Atom, ...]
    start: int
    content: int
    end: int
    is_cut: bool = False

    @property
    def name(self) -> bytes:
        """The last name."""
        return self.path[-1]

    def bytes_of(self, data: Any) -> bytes:
        """What follows its size and name."""
        return bytes(data[self.content : self.end])


def atoms_of(data: Any) -> list[Atom]:
    """All atoms of a file, those outside before those inside."""
    return list(_atoms(data, 0, len(data), ()))


def inside(atoms: Sequence[Atom], parent: Atom) -> list[Atom]:
    """The atoms that lie directly in another."""
    return [atom for atom in atoms if atom.parents and atom.parents[-1] == parent]


def _atoms(data: Any, start: int, end: int, parents: tuple[Atom, ...]) -> Iterator[Atom]:
    outer = parents[-1].path if parents else ()
    while start < end:
        size, name = int.from_bytes(data[start : start + 4], "big"), bytes(data[start + 4 : start + HEAD])
        content = start + HEAD
        if size == 1:  # the size has 64 bits
            size, content = int.from_bytes(data[content : content + 8], "big"), content + 8
        last = start + size if size or parents else end  # 0: to the end of the file
        if content > end or last < content or (parents and last > end):
            yield Atom((*outer, b""), parents, start, start, end)
            return
        atom = Atom((*outer, name), parents, start, content, min(last, end), last > end)
        yield atom
        if name in CONTAINERS:
            # A version and flags precede the atoms of meta, but not in QuickTime.
            begin = content + (4 if name == b"meta" and data[content + 4 : content + 8] != b"hdlr" else 0)
            yield from _atoms(data, min(begin, atom.end), atom.end, (*parents, atom))
        start = last


def replaced(data: Any, parent: Atom, start: int, end: int, content: bytes) -> list[Edit]:
    """How to replace a part of an atom; its size, those of the atoms around it, and places follow.

    Where free room behind the outermost atom suffices, that shrinks and the sound does not move.

    Args:
        data: The file.
        parent: The atom.
        start: Where in the file the part begins.
        end: Where it ends.
        content: What stands there afterwards.

    Returns:
        Edits in the order of their places.

    Raises:
        PieceError: Something else in the file would not follow.
    """
    atoms = atoms_of(data)
    grown = len(content) - (end - start)
    edits: list[Edit] = [(start, end, content)]
    for atom in (*parent.parents, parent):
        edits += _resized(data, atom, grown)
    if grown > 0 and (room := room_behind(atoms, parent, grown)):
        left = room.end - room.start - grown
        rest = bytes(data[room.content + grown : room.end])
        kept = struct.pack(">I4s", left, room.name) + rest if left else b""
        edits.append((room.start, room.end, kept))
    elif grown:
        edits += _moved(data, atoms, end, grown)
    return sorted(edits, key=lambda edit: edit[:2])


def room_behind(atoms: Sequence[Atom], parent: Atom, grown: int) -> Atom | None:
    """The free room behind the outermost atom around another, if it suffices."""
    outermost = (*parent.parents, parent)[0]
    room = next((atom for atom in atoms if not atom.parents and atom.start == outermost.end), None)
    if room is None or room.name not in FREE or room.content != room.start + HEAD:
        return None
    left = room.end - room.start - grown
    return room if left >= HEAD or left == 0 else None


def places_of(data: Any, atom: Atom) -> Iterator[tuple[int, int, int]]:
    """What an atom says of where in the file something is: where it says so, in how many bytes, and what."""
    at = atom.content
    for place, size in _numbers(data, atom):
        if place + size > atom.end:
            raise PieceError(f"its atom {atom.name.decode()} is cut short")
        yield at + place, size, int.from_bytes(data[at + place : at + place + size], "big")


def _numbers(data: Any, atom: Atom) -> Iterator[tuple[int, int]]:
    def number(place: int) -> int:
        return int.from_bytes(data[atom.content + place : atom.content + place + 4], "big")

    if atom.name in (b"stco", b"co64"):
        size = 4 if atom.name == b"stco" else 8
        yield from ((8 + size * index, size) for index in range(number(4)))
    elif atom.name == b"tfhd" and number(0) & 1:
        yield 8, 8
    elif atom.name == b"tfra":
        size = 8 if number(0) >> 24 else 4
        lengths = number(8)
        entry = 2 * size + sum((lengths >> shift & 3) + 1 for shift in (4, 2, 0))
        yield from ((16 + entry * index + size, size) for index in range(number(12)))


def _resized(data: Any, atom: Atom, grown: int) -> list[Edit]:
    size = int.from_bytes(data[atom.start : atom.start + 4], "big")
    if size == 0 or not grown:
        return []
    if size == 1:
        size = int.from_bytes(data[atom.start + 8 : atom.start + 16], "big")
        return [(atom.start + 8, atom.start + 16, struct.pack(">Q", size + grown))]
    return [(atom.start, atom.start + 4, _number(size + grown, 4))]


def _moved(data: Any, atoms: Sequence[Atom], point: int, grown: int) -> list[Edit]:
    """Edits of all that says where something behind a point is."""
    if any(atom.start >= point for atom in atoms if not atom.parents):
        for atom in atoms:
            if atom.name in _OTHER_PLACES:
                raise PieceError(
                    f"not tagged: its atom {atom.name.decode()} says in its own way where sound is"
                )
    return [
        (place, place + size, _number(value + grown, size))
        for atom in atoms
        for place, size, value in places_of(data, atom)
        if value >= point
    ]


def _number(value: int, size: int) -> bytes:
    if value >= 1 << 8 * size:
        raise PieceError("not tagged: it would grow beyond the 4 GB that its sizes allow")
    return value.to_bytes(size, "big")
