"""Items of the tags of MP4: those of iTunes, free ones, those named by keys, and texts of QuickTime and 3GP.

References:
    Apple, QuickTime File Format (user data, metadata keys); 3GPP TS 26.244, 8 (user data).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from earmark.apps.tags.atoms import HEAD, Atom, atoms_of, inside
from earmark.apps.tags.frame_text import genres
from earmark.apps.tags.tag_kinds import Pairs, kind_of

TEMPO = b"tmpo"
NAMES = {"genre": b"\xa9gen", "key": b"----", "composer": b"\xa9wrt", "bpm": TEMPO}
FREE_NAME = (b"com.apple.iTunes", b"initialkey")
KINDS_OF_NAMES = {b"\xa9gen": "genre", b"gnre": "genre", b"\xa9wrt": "composer", b"\xa9com": "composer"}
UTF8, UTF16, INTEGER = 1, 2, 21  # kinds of data
VERSION = 4  # bytes of version and flags


def atom(name: bytes, *content: bytes) -> bytes:
    """An atom as bytes."""
    body = b"".join(content)
    return struct.pack(">I4s", HEAD + len(body), name) + body


def names_by_number(data: Any, atoms: Sequence[Atom], ilst: Atom) -> dict[bytes, str] | None:
    """The names of items that are numbers; None where items have names of their own."""
    keys = next((atom for atom in inside(atoms, ilst.parents[-1]) if atom.name == b"keys"), None)
    if keys is None:
        return None
    names: dict[bytes, str] = {}
    content, place = keys.bytes_of(data), VERSION + 4
    while place + HEAD <= len(content):
        size = max(int.from_bytes(content[place : place + 4], "big"), HEAD)
        names[struct.pack(">I", len(names) + 1)] = content[place + HEAD : place + size].decode("latin-1")
        place += size
    return names


def said_by(data: Any, item: Atom, keys: Mapping[bytes, str] | None) -> Pairs:
    """Kind and value of what an item says, whose name may be a number."""
    kind = item_kind(data, item) if keys is None else kind_of(keys.get(item.name, "").rpartition(".")[2])
    if kind is None:
        return []
    return [(kind, text) for text in _texts(item.name, item.bytes_of(data))]


def item_kind(data: Any, item: Atom) -> str | None:
    """The kind of tag that an item is; None for others."""
    if item.name == TEMPO:
        return "bpm"
    if item.name != b"----":
        return KINDS_OF_NAMES.get(item.name)
    name = next((part[VERSION:] for name, part in _parts(item.bytes_of(data)) if name == b"name"), b"")
    return kind_of(name.decode("latin-1"))


def _parts(content: bytes) -> list[tuple[bytes, bytes]]:
    """Names and contents of the atoms in an item."""
    return [(atom.name, atom.bytes_of(content)) for atom in atoms_of(content) if not atom.parents]


def _texts(name: bytes, content: bytes) -> list[str]:
    texts = []
    for part, value in _parts(content):
        if part != b"data":
            continue
        kind, text = int.from_bytes(value[1:4], "big"), value[8:]
        if name == TEMPO:
            texts.append(str(int.from_bytes(text, "big")))
        elif name == b"gnre":
            texts += genres([str(int.from_bytes(text[:2], "big") - 1)])  # counted from 1
        else:
            texts.append(text.decode("utf-16-be" if kind == UTF16 else "utf-8", errors="replace"))
    return texts


def text_of_user_data(content: bytes) -> str:
    """A text of QuickTime (length, language) or 3GP (version, flags, language)."""
    size = int.from_bytes(content[:2], "big")
    text = content[4 : 4 + size] if size else content[6:]
    return text.decode("utf-16" if text[:2] in (b"\xfe\xff", b"\xff\xfe") else "utf-8", "replace").rstrip(
        "\0"
    )


def item(kind: str, values: Sequence[str], items: Sequence[tuple[str | None, bytes]]) -> bytes:
    """An item with a value, or with several.

    Args:
        kind: Of tag.
        values: What it says.
        items: Kind and bytes of those that are there; the name of a free one of this kind stays.
    """
    data = b"".join(atom(b"data", struct.pack(">II", UTF8, 0), value.encode()) for value in values)
    old = next((raw for other, raw in items if other == kind and raw[4:HEAD] == b"----"), b"")
    if kind == "bpm" and not old:
        return atom(TEMPO, atom(b"data", struct.pack(">IIH", INTEGER, 0, int(values[0]))))
    if kind != "key" and not old:
        return atom(NAMES[kind], data)
    named = {name: part[VERSION:] for name, part in _parts(old[HEAD:])}
    parts = zip((b"mean", b"name"), FREE_NAME, strict=True)
    return atom(b"----", *(atom(part, bytes(VERSION), named.get(part, new)) for part, new in parts), data)
