"""Vorbis comments in FLAC."""

import struct

import pytest
from mutagen.id3 import ID3, TCON

from earmark.apps.tags.tagging import tagging_of
from earmark.apps.tags.vorbis_comments import Comments, comments_of
from earmark.foundation.errors import PieceError

ODD = [
    [b"TITLE=Caf\xe9", b"ARTIST=X"],
    [b"TITLE=A", b"just text"],
    [b"TITLE=A", "TïTRE=B".encode(), b"=value", b"A~B=c", b""],
    [b"TITLE=A\0B", b"ARTIST=X ", b"title=again"],
]


def blocks_of(flac):
    place, blocks = 4, []
    while True:
        kind, size = flac[place], int.from_bytes(flac[place + 1 : place + 4], "big")
        blocks.append((kind & 0x7F, flac[place + 4 : place + 4 + size]))
        place += 4 + size
        if kind & 0x80:
            return blocks, flac[place:]


def flac_of(blocks, sound):
    heads = [
        bytes([kind | (0x80 if number == len(blocks) - 1 else 0)]) + len(content).to_bytes(3, "big") + content
        for number, (kind, content) in enumerate(blocks)
    ]
    return b"fLaC" + b"".join(heads) + sound


@pytest.fixture
def flac(music):
    """A FLAC of some blocks after its first, STREAMINFO."""
    blocks, sound = blocks_of(music("a.flac").read_bytes())

    def write(*more):
        path = music("a.flac")
        path.write_bytes(flac_of([blocks[0], *more], sound))
        return path, sound

    return write


def comments(*entries, tail=b""):
    return Comments(b"somebody", tuple(entries), tail).rendered()


@pytest.mark.parametrize("entries", ODD)
def test_other_comments_of_flac_stay_byte_for_byte(flac, fill, entries):
    path, sound = flac((4, comments(*entries)))
    had, after = fill(path)
    assert had == {}
    (_, found), *rest = blocks_of(after)[0][1:]
    assert comments_of(found).entries[: len(entries)] == tuple(entries)
    assert comments_of(found).vendor == b"somebody"
    assert (rest, blocks_of(after)[1]) == ([], sound)


@pytest.mark.parametrize("padding", [0, 40, 4000])
def test_other_blocks_stay_and_padding_makes_room(flac, fill, padding):
    picture = struct.pack(">II", 3, 9) + b"image/png" + bytes(20) + struct.pack(">I", 500) + b"cut short"
    others = [
        (2, b"riff" + b"x" * 40),
        (6, picture),
        (67, b"unknown"),
        (4, comments(b"TITLE=B", b"COMMENT=two")),
    ]
    path, _ = flac((4, comments(b"TITLE=A")), (1, bytes(padding)), *others)
    _, after = fill(path)
    blocks = blocks_of(after)[0]
    assert [block for block in blocks[2:] if block[0] != 1] == others
    if padding == 4000:
        assert len(after) == len(path.read_bytes())


def test_a_flac_without_comments_gets_a_block(flac, fill):
    path, sound = flac((1, bytes(8)))
    _, after = fill(path)
    assert [kind for kind, _ in blocks_of(after)[0]] == [0, 4, 1]
    assert blocks_of(after)[1] == sound


def test_a_second_block_and_id3_in_front_count(flac, fill, tmp_path):
    path, _ = flac((4, comments(b"TITLE=A")), (4, comments(b"Initial Key=Cm", b"COMPOSER=Unknown")))
    (tmp_path / "tag").write_bytes(b"")
    tags = ID3()
    tags.add(TCON(encoding=3, text=["Rock"]))
    tags.save(tmp_path / "tag")
    front = (tmp_path / "tag").read_bytes()
    path.write_bytes(front + path.read_bytes())
    had, after = fill(path)
    assert had == {"key": ["Cm"], "genre": ["Rock"]}
    assert after.startswith(front + b"fLaC")


def test_more_than_a_block_holds_is_refused(flac):
    path, _ = flac((4, comments(b"TITLE=A")))
    with pytest.raises(PieceError, match="longer than a block of FLAC may be"):
        tagging_of(path)[1].write(path, {"genre": "x" * (1 << 24)})
