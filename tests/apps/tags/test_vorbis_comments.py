"""Vorbis comments as bytes."""

import pytest

from earmark.apps.tags.vorbis_comments import Comments, comments_of
from earmark.foundation.errors import PieceError

ODD = [
    [b"TITLE=Caf\xe9", b"ARTIST=X"],
    [b"TITLE=A", b"just text"],
    [b"TITLE=A", "TïTRE=B".encode(), b"=value", b"A~B=c", b""],
    [b"TITLE=A\0B", b"ARTIST=X ", b"title=again"],
]


def comments(*entries, tail=b""):
    return Comments(b"somebody", tuple(entries), tail).rendered()


@pytest.mark.parametrize("entries", ODD)
@pytest.mark.parametrize("tail", [b"", b"\1"])
def test_a_block_comes_back(entries, tail):
    block = comments(*entries, tail=tail)
    assert comments_of(block) == Comments(b"somebody", tuple(entries), tail)
    assert comments_of(block).rendered() == block


@pytest.mark.parametrize(
    "block", [b"", b"\4\0\0\0ab", comments(b"a=b")[:-1], comments()[:-4] + b"\xff\xff\xff\xff"]
)
def test_a_block_that_is_cut_short_is_refused(block):
    with pytest.raises(PieceError, match="comments are cut short"):
        comments_of(block)
