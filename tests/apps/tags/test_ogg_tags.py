"""Ogg: pages of comments are replaced; all others keep all but their numbers."""

import struct

import mutagen
import pytest
from mutagen.ogg import OggPage
from mutagen.oggvorbis import OggVorbis

from earmark.apps.tags.ogg_tags import pages_of

LONG = {"composer": "Bach " * 20_000}  # more than one page more


@pytest.fixture
def write(tmp_path):
    def file(*content, name="b.ogg"):
        (tmp_path / name).write_bytes(b"".join(content))
        return tmp_path / name

    return file


@pytest.fixture
def ogg(music):
    return music("a.ogg").read_bytes()


def commented(path, **comments):
    file = OggVorbis(path)
    file.update(comments)
    file.save()
    return path.read_bytes()


def masked(data, start=0):
    """Bytes of each page of sound without its number and checksum."""
    return [
        data[page.start : page.start + 18] + data[page.start + 26 : page.end]
        for page in pages_of(data, start)
        if page.position > 0
    ]


def numbers(data, serial=None):
    return [page.number for page in pages_of(data) if serial in (None, page.serial)]


@pytest.mark.parametrize("name", ["a.ogg", "a.opus"])
def test_pages_are_numbered_on_and_their_checksums_are_right(music, fill, tmp_path, name):
    path = music(name)
    before = path.read_bytes()
    _, after = fill(path, LONG)
    assert numbers(after) == list(range(len(numbers(after))))
    assert len(numbers(after)) > len(numbers(before))
    assert masked(after) == masked(before)
    path.write_bytes(after)
    assert mutagen.File(path)["composer"] == [LONG["composer"]]
    with path.open("rb") as file:
        for page in pages_of(after):
            file.seek(page.start)
            assert OggPage(file).write() == after[page.start : page.end]


def test_the_next_link_of_a_chain_stays_as_it_is(ogg, write, fill):
    """Both links have one serial number, as when a file is joined to itself."""
    _, after = fill(write(ogg, ogg), LONG)
    assert after.endswith(ogg)


def test_a_stream_between_the_pages_stays_as_it_is(ogg, music, write, fill):
    opus = music("a.opus").read_bytes()
    one, other = pages_of(ogg), pages_of(opus)
    serials = {one[0].serial, other[0].serial}
    assert len(serials) == 2
    mixed = b"".join(
        ogg[a.start : a.end] + opus[b.start : b.end] for a, b in zip(one[: len(other)], other, strict=False)
    )
    mixed += b"".join(ogg[page.start : page.end] for page in one[len(other) :])
    _, after = fill(write(mixed), LONG)
    kept = b"".join(after[p.start : p.end] for p in pages_of(after) if p.serial == other[0].serial)
    assert opus.startswith(kept)
    mine = numbers(after, one[0].serial)
    assert mine == list(range(len(mine)))


BEHIND = {
    "zeros": bytes(100),
    "text": b"junk after the end",
    "ID3v1 without a genre": b"TAG" + bytes(124) + b"\xff",
    "half a page": b"OggS\0\0" + bytes(10),
}


@pytest.mark.parametrize("new", [None, LONG], ids=["short", "long"])
@pytest.mark.parametrize("case", BEHIND)
def test_what_stands_behind_the_pages_stays(ogg, write, fill, case, new):
    had, after = fill(write(ogg, BEHIND[case]), new)
    assert had == {}
    assert after.endswith(ogg[-30:] + BEHIND[case])
    assert masked(after) == masked(ogg)


@pytest.mark.parametrize("new", [None, LONG], ids=["short", "long"])
def test_a_file_that_ends_early_keeps_its_sound(ogg, write, fill, new):
    cut = ogg[:-100]
    _, after = fill(write(cut), new)
    assert masked(after) == masked(cut)
    assert after.endswith(cut[-1000:])


def test_tags_around_the_pages_count_and_stay(ogg, write, fill):
    rock = b"ID3\4\0\0\0\0\0\x0fTCON\0\0\0\5\0\0\0Rock"
    v1 = b"TAG" + bytes(124) + bytes([17])
    for front, behind in ((rock, b""), (b"", v1)):
        had, after = fill(write(front, ogg, behind))
        assert had == {"genre": ["Rock"]}
        assert (after.startswith(front + b"OggS"), after.endswith(behind)) == (True, True)
        assert masked(after, len(front)) == masked(ogg)


def test_a_large_tag_in_front_does_not_hide_the_codec(ogg, write, fill):
    size = 5000
    front = b"ID3\4\0\0" + bytes([0, 0, size >> 7, size & 127]) + bytes(size)
    _, after = fill(write(front, ogg))
    assert after.startswith(front + b"OggS")


def test_comments_larger_than_a_page_stay(ogg, write, fill, tmp_path):
    before = commented(write(ogg), metadata_block_picture="A" * 300_000)
    _, after = fill(write(before))
    path = write(after, name="after.ogg")
    assert OggVorbis(path)["metadata_block_picture"] == ["A" * 300_000]
    assert masked(after) == masked(ogg)


def test_the_head_of_a_page_is_read():
    page = b"OggS\0\2" + struct.pack("<qIII", 7, 8, 9, 0) + b"\2\1\2" + b"abc"
    (found,) = pages_of(page + b"OggS")
    assert (found.start, found.end, found.position, found.serial, found.number) == (0, 32, 7, 8, 9)
    assert found.is_first


@pytest.mark.parametrize("name", ["a.ogg", "a.opus"])
def test_other_comments_of_ogg_stay_byte_for_byte(music, fill, name):
    path = music(name)
    file = mutagen.File(path)
    file["title"] = ["CafXX"]
    file["cover"] = ["x" * 9000]  # more than one page
    file.save()
    with path.open("rb+") as handle:
        OggPage(handle)
        page = OggPage(handle)
        page.packets[0] = page.packets[0].replace(b"CafXX", b"Caf\xe9\xff")
        handle.seek(page.offset)
        handle.write(page.write())
    had, after = fill(path)
    assert had == {}
    assert b"Caf\xe9\xff" in after
    path.write_bytes(after)
    assert mutagen.File(path)["cover"] == ["x" * 9000]
