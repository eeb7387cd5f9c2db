"""Atoms of MP4, found and replaced without a change of what they do not concern."""

import struct

import pytest

from earmark.apps.tags.atoms import atoms_of, replaced
from earmark.apps.tags.splice import splice
from earmark.foundation.errors import PieceError


def atom(name, *content):
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), name) + body


def full(name, *content):
    return atom(name, bytes(4), *content)


def names(data):
    return [b"/".join(part.path) for part in atoms_of(data)]


def test_atoms_are_found_from_the_outside_in():
    data = atom(b"ftyp", b"M4A ") + atom(b"moov", atom(b"udta", full(b"meta", full(b"hdlr"), atom(b"ilst"))))
    assert names(data) == [
        b"ftyp",
        b"moov",
        b"moov/udta",
        b"moov/udta/meta",
        b"moov/udta/meta/hdlr",
        b"moov/udta/meta/ilst",
    ]


def test_meta_of_quicktime_has_no_version():
    assert names(atom(b"moov", atom(b"meta", full(b"hdlr"), atom(b"ilst"))))[2:] == [
        b"moov/meta/hdlr",
        b"moov/meta/ilst",
    ]


@pytest.mark.parametrize("rest", [bytes(4), b"\0\0\0\3bad!", bytes(9)])
def test_what_is_no_atom_is_kept_as_a_rest(rest):
    data = atom(b"moov", atom(b"udta", atom(b"name", b"x"), rest))
    *_, last = atoms_of(data)
    assert (last.path, data[last.content : last.end]) == ((b"moov", b"udta", b""), rest)


def test_sizes_of_64_bits_and_to_the_end():
    large = struct.pack(">I4sQ", 1, b"mdat", 16 + 5) + b"sound"
    data = large + struct.pack(">I4s", 0, b"mdat") + b"more"
    first, second = atoms_of(data)
    assert data[first.content : first.end] == b"sound"
    assert data[second.content : second.end] == b"more"


def tables(point, value):
    """All atoms that say where in the file something is: each names `value`."""
    lengths = struct.pack(">I", 0)
    return {
        b"stco": full(b"stco", struct.pack(">3I", 2, 5, value)),
        b"co64": full(b"co64", struct.pack(">I2Q", 2, 5, value)),
        b"tfhd": atom(b"tfhd", struct.pack(">IIQ", 1, 7, value)),
        b"tfra0": full(b"tfra", struct.pack(">I", 7), lengths, struct.pack(">3I3B", 1, 9, value, 1, 1, 1)),
        b"tfra1": atom(
            b"tfra", struct.pack(">II", 1 << 24, 7), lengths, struct.pack(">I2Q3B", 1, 9, value, 1, 1, 1)
        ),
    }


@pytest.mark.parametrize("name", [b"stco", b"co64", b"tfhd", b"tfra0", b"tfra1"])
def test_places_behind_a_part_that_grows_move_along(tmp_path, name):
    def movie(value):
        inner = atom(b"traf", tables(0, value)[name]) if name == b"tfhd" else tables(0, value)[name]
        outer = {b"s": b"moov", b"c": b"moov"}.get(name[:1], b"moof" if name == b"tfhd" else b"mfra")
        inner = (
            atom(b"trak", atom(b"mdia", atom(b"minf", atom(b"stbl", inner)))) if outer == b"moov" else inner
        )
        return atom(b"moov", atom(b"udta", b"")), atom(outer, inner)

    head, rest = movie(0)
    place = len(head) + len(rest) + 8
    data = b"".join((head, movie(place)[1], atom(b"mdat", b"sound")))
    path = tmp_path / "a"
    path.write_bytes(data)
    (udta,) = (part for part in atoms_of(data) if part.name == b"udta")
    splice(path, replaced(data, udta, udta.content, udta.end, b"12345"))
    assert path.read_bytes() == b"".join(
        (atom(b"moov", atom(b"udta", b"12345")), movie(place + 5)[1], atom(b"mdat", b"sound"))
    )


def test_a_place_that_its_number_cannot_hold_is_refused():
    table = full(b"stco", struct.pack(">2I", 1, 0xFFFFFFFF))
    data = atom(
        b"moov", atom(b"udta", b""), atom(b"trak", atom(b"mdia", atom(b"minf", atom(b"stbl", table))))
    )
    udta = atoms_of(data)[1]
    with pytest.raises(PieceError, match="4 GB"):
        replaced(data, udta, udta.content, udta.end, b"1")


def test_what_names_places_in_a_way_that_is_not_known_is_refused():
    data = atom(b"moov", atom(b"udta", b"")) + atom(b"moof", atom(b"traf", full(b"saio", bytes(8))))
    udta = atoms_of(data)[1]
    with pytest.raises(PieceError, match="saio"):
        replaced(data, udta, udta.content, udta.end, b"1")


def test_room_behind_the_movie_is_taken_before_the_sound_moves(tmp_path):
    data = atom(b"moov", atom(b"udta", b"")) + atom(b"free", b"x" * 20) + atom(b"mdat", b"sound")
    udta = atoms_of(data)[1]
    path = tmp_path / "a"
    for size, free in ((12, atom(b"free", b"x" * 8)), (28, b"")):
        path.write_bytes(data)
        splice(path, replaced(data, udta, udta.content, udta.end, b"1" * size))
        assert path.read_bytes() == b"".join(
            (atom(b"moov", atom(b"udta", b"1" * size)), free, atom(b"mdat", b"sound"))
        )
