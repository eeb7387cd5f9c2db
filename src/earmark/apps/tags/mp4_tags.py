"""Tags of MP4: atoms of iTunes, of QuickTime and 3GP, by key, and free ones by any of their usual names.

Those of iTunes are added and replaced as bytes; every other atom stays what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from earmark.apps.tags.atoms import (
    CONTAINERS,
    FREE,
    HEAD,
    Atom,
    atoms_of,
    inside,
    places_of,
    replaced,
    room_behind,
)
from earmark.apps.tags.mp4_items import (
    KINDS_OF_NAMES,
    VERSION,
    atom,
    item,
    item_kind,
    names_by_number,
    said_by,
    text_of_user_data,
)
from earmark.apps.tags.mpeg_tags import mapped
from earmark.apps.tags.splice import Edit, splice
from earmark.apps.tags.tag_kinds import New, Pairs, Values, filled, listed
from earmark.foundation.errors import PieceError

META = (b"moov", b"udta", b"meta")
HANDLER = bytes(8) + b"mdirappl" + bytes(9)
NEW_ROOM = atom(
    b"free", bytes(1016)
)  # behind tags that have to grow: the next program need not move the sound


class Mp4Tagging:
    """Tags of MP4."""

    def read(self, path: Path) -> Values:
        """Values of each kind that a file has."""
        pairs: Pairs = []
        with mapped(path) as data:
            atoms = _movie(data)
            for part in atoms:
                if part.name == b"ilst":
                    keys = names_by_number(data, atoms, part)
                    pairs += [pair for one in inside(atoms, part) for pair in said_by(data, one, keys)]
                elif part.path[-2:-1] == (b"udta",) and part.name in KINDS_OF_NAMES:
                    pairs.append((KINDS_OF_NAMES[part.name], text_of_user_data(part.bytes_of(data))))
        return filled(pairs)

    def write(self, path: Path, new: New) -> None:
        """Set the tags of some kinds, in the room behind them if it suffices."""
        with mapped(path) as data:
            atoms = _movie(data)
            ilst = next((part for part in atoms if part.path == (*META, b"ilst")), None)
            old = inside(atoms, ilst) if ilst else []
            items = [(item_kind(data, one), bytes(data[one.start : one.end])) for one in old if one.name]
            rest = [bytes(data[one.start : one.end]) for one in old if not one.name]
            left = {kind: item(kind, listed(value), items) for kind, value in new.items()}
            kept = [left.pop(kind, b"") if kind and kind in new else raw for kind, raw in items]
            edits = _edits(data, atoms, ilst, atom(b"ilst", *kept, *left.values(), *rest))
        splice(path, edits)

    def others(self, path: Path, kinds: Sequence[str]) -> object:
        """All atoms but those of some kinds, sound, and room; places as parts of what they name."""
        with mapped(path) as data:
            atoms = _movie(data)
            parts: list[object] = []
            for part in atoms:
                if part.name in (*CONTAINERS, *FREE, b"mdat"):
                    continue
                is_item = part.path[-2:-1] == (b"ilst",)
                is_new = part.path == (*META, b"hdlr") and part.bytes_of(data) == HANDLER
                if not is_new and not (is_item and item_kind(data, part) in kinds):
                    parts.append((part.path, *_content(data, atoms, part)))
        return parts


def _movie(data: Any) -> list[Atom]:
    """All atoms. Raises PieceError where those are not whole that say what the sound is."""
    atoms = atoms_of(data)
    if not any(part.path == (b"moov",) for part in atoms):
        raise PieceError("is not a sound .m4a file: it has no atom moov")
    if any(part.is_cut and part.name != b"mdat" for part in atoms):
        raise PieceError("is not a sound .m4a file: its last atom is cut short")
    return atoms


def _edits(data: Any, atoms: Sequence[Atom], ilst: Atom | None, tags: bytes) -> list[Edit]:
    """How the tags get into the file: in place of the old ones, or in as many new atoms as are missing."""
    meta = next((part for part in atoms if part.path == META), None)
    if meta and any(part.name == b"keys" for part in inside(atoms, meta)):
        raise PieceError(
            "not tagged: its tags are named by keys (mdta), which earmark reads and does not write"
        )
    if ilst:
        around = ilst.parents[-1]
        room = next(
            (part for part in inside(atoms, around) if part.start == ilst.end and part.name in FREE), None
        )
        left = (room or ilst).end - ilst.start - len(tags)
        if left == 0 or left >= HEAD:
            free = _room(left, bytes(data[room.content : room.end]) if room else b"")
            return replaced(data, around, ilst.start, (room or ilst).end, tags + free)
        grown = len(tags) - (ilst.end - ilst.start)
        behind = b"" if room_behind(atoms, around, grown) else NEW_ROOM
        return replaced(data, around, ilst.start, ilst.end, tags + behind)
    depth = next(depth for depth in (3, 2, 1) if any(part.path == META[:depth] for part in atoms))
    parent = next(part for part in atoms if part.path == META[:depth])
    # Zeros at the end of udta tell QuickTime to read no further.
    end = max((part.end for part in inside(atoms, parent) if part.name), default=_begin(data, parent))
    content = _wrapped(tags, depth)
    if not room_behind(atoms, parent, len(content)):
        content = _wrapped(tags + NEW_ROOM, depth)
    return replaced(data, parent, end, end, content)


def _wrapped(tags: bytes, depth: int) -> bytes:
    """Tags with the atoms around them that are missing; depth: how many of META are there."""
    if depth < 3:
        tags = atom(b"meta", bytes(VERSION), atom(b"hdlr", HANDLER), tags)
    return atom(b"udta", tags) if depth < 2 else tags


def _begin(data: Any, parent: Atom) -> int:
    """Where atoms may stand in an atom that has none."""
    return min(parent.content + VERSION, parent.end) if parent.name == b"meta" else parent.content


def _room(size: int, old: bytes) -> bytes:
    """Free room of a size, as the end of what was there."""
    if not size:
        return b""
    return atom(b"free", old[max(len(old) - (size - HEAD), 0) :].rjust(size - HEAD, b"\0"))


def _content(data: Any, atoms: Sequence[Atom], part: Atom) -> tuple[object, ...]:
    """What an atom holds; each place in the file as the outermost atom and where in it."""
    content = bytearray(part.bytes_of(data))
    outermost = [one for one in atoms if not one.parents and one.name not in FREE]
    named = []
    for place, size, value in places_of(data, part):
        content[place - part.content : place - part.content + size] = bytes(size)
        number = max((n for n, one in enumerate(outermost) if one.start <= value), default=-1)
        named.append((number, value - outermost[number].start if number >= 0 else value))
    return bytes(content), named
