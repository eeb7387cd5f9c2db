"""ID3v2 as bytes: tags as programs write them in practice, made byte by byte."""

import re
import struct
import zlib

import pytest
from mutagen.id3 import ID3

from earmark.apps.tags.id3_bytes import Tag, tag_at
from earmark.foundation.errors import PieceError

NEW = {"genre": "jig", "composer": "Dvořák"}
WRITTEN = [("genre", "jig"), ("composer", "Dvořák")]


def safe(number):
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def frame(name, body, version=3, flags=b"\0\0"):
    if version == 2:
        return name + len(body).to_bytes(3, "big") + body
    return name + (safe(len(body)) if version == 4 else struct.pack(">I", len(body))) + flags + body


def tag(content, version=3, flags=0, padding=0):
    return b"ID3" + bytes([version, 0, flags]) + safe(len(content) + padding) + content + bytes(padding)


TITLE = frame(b"TIT2", b"\0Title")
PRACTICE = {
    "nothing else": tag(b""),
    "UTF-8 in 2.3": tag(frame(b"TIT2", b"\3" + "Él".encode())),
    "UTF-16BE in 2.3": tag(frame(b"TIT2", b"\2" + "Él".encode("utf-16-be"))),
    "UTF-8 comment": tag(TITLE + frame(b"COMM", b"\3eng\0hello")),
    "UTF-8 cover": tag(TITLE + frame(b"APIC", b"\3image/png\0\3cover\0" + bytes(range(256)))),
    "frames of 2.4 in 2.3": tag(TITLE + frame(b"TDRC", b"\x002001-02-03") + frame(b"TSOP", b"\0X")),
    "frames twice": tag(frame(b"TXXX", b"\0a\0one") * 2 + frame(b"TPE1", b"\0A") + frame(b"TPE1", b"\0B")),
    "unknown frames": tag(TITLE + frame(b"XYZW", b"abc") + frame(b"NCON", b"\1\2\3")),
    "a bad name": tag(TITLE + frame(b"TIT ", b"\0x") + frame(b"TALB", b"\0Album")),
    "an unknown encoding": tag(frame(b"TIT2", b"\7Title") + frame(b"TALB", b"\0Album")),
    "no encoding": tag(frame(b"TIT2", b"Title") + frame(b"TALB", b"\0Album")),
    "bytes that are no UTF-8": tag(frame(b"TIT2", b"\3Caf\xe9")),
    "half a letter of UTF-16": tag(frame(b"TIT2", b"\1\xff\xfeT\0i")),
    "UTF-16 without its mark": tag(frame(b"TIT2", b"\1" + "Él".encode("utf-16-le"))),
    "many zeros": tag(frame(b"TIT2", b"\0Title\0\0\0") + frame(b"TALB", b"\0")),
    "an empty frame": tag(TITLE + frame(b"TALB", b"")),
    "a picture without an end": tag(TITLE + frame(b"APIC", b"\1image/jpeg\0\3\xff\xfec\0" + b"J" * 101)),
    "a comment cut short": tag(TITLE + frame(b"COMM", b"\0en")),
    "volume of all zeros": tag(TITLE + frame(b"RVAD", bytes(10))),
    "a compressed frame": tag(
        TITLE + frame(b"TALB", struct.pack(">I", 6) + zlib.compress(b"\0Album"), 3, b"\0\x80")
    ),
    "an encrypted frame": tag(TITLE + frame(b"TXXX", b"\x80secre", 3, b"\0\x40")),
    "a frame longer than the tag": tag(TITLE + b"TALB" + struct.pack(">I", 999) + b"\0\0Al"),
    "padding": tag(TITLE, padding=500),
    "much padding": tag(TITLE, padding=200_000),
    "an extended header": tag(struct.pack(">IHI", 6, 0, 0) + TITLE, flags=0x40),
    "2.2": tag(frame(b"TT2", b"\0Title", 2) + frame(b"COM", b"\0eng\0hi", 2), 2, padding=5),
    "2.2 without room": tag(frame(b"TT2", b"\0Title", 2), 2),
    "2.3, unsynchronised": tag(
        frame(b"PRIV", b"x\0\xff\xe0\xff\0").replace(b"\xff\xe0\xff\0", b"\xff\0\xe0\xff\0\0"), flags=0x80
    ),
    "2.3, unsynchronised more than needed": tag(
        frame(b"PRIV", b"x\0\xff\xd8\xff\xe0\xff").replace(b"\xff", b"\xff\0") + TITLE, flags=0x80
    ),
    "2.3, unsynchronised less than needed": tag(
        frame(b"PRIV", b"x\0\xff\xe0\xff\xd8") + TITLE, flags=0x80, padding=40
    ),
    "2.3, flagged as extended without such a header": tag(TITLE, flags=0x40),
    "2.4": tag(frame(b"TIT2", b"\3\xc3\x89l", 4), 4, padding=100),
    "2.4, unsynchronised": tag(frame(b"TIT2", b"\0T", 4), 4, 0x80),
    "2.4 with a footer": (lambda head: head + b"3DI" + head[3:10])(tag(frame(b"TIT2", b"\0T", 4), 4, 0x10)),
    "plain sizes in 2.4": tag(frame(b"COMM", b"\0eng\0" + b"x" * 300) + frame(b"TPE1", b"\0Me"), 4),
}


@pytest.mark.parametrize("case", PRACTICE)
def test_every_other_frame_stays_byte_for_byte(case):
    before = tag_at(PRACTICE[case])
    assert before is not None
    data = before.with_values(NEW).rendered()
    after = tag_at(data + b"\xff\xfb")
    assert after is not None
    assert after.others(list(NEW)) == before.others(list(NEW))
    assert set(after.values()) == {*before.values(), *WRITTEN}
    raw = PRACTICE[case]
    place = 0
    for old in before.frames:
        assert old.raw in raw
        place = data.index(old.raw, place)  # in their order
    if case == "much padding":
        assert len(data) == len(raw)  # the sound need not move


# mutagen reads nothing of a tag whose unsynchronisation is not whole.
@pytest.mark.parametrize("case", sorted(set(PRACTICE) - {"2.3, unsynchronised less than needed"}))
def test_mutagen_reads_what_is_written(case, tmp_path):
    before = tag_at(PRACTICE[case])
    assert before is not None
    (tmp_path / "a.mp3").write_bytes(before.with_values(NEW).rendered() + bytes(200))
    tags = ID3(tmp_path / "a.mp3")
    assert (tags["TCON"].text, tags["TCOM"].text) == (["jig"], ["Dvořák"])


@pytest.mark.parametrize(
    ("frames", "version", "values"),
    [
        (frame(b"TCON", b"\0Rock"), 3, [("genre", "Rock")]),
        (frame(b"TCON", b"\0(17)"), 3, [("genre", "Rock")]),
        (frame(b"TCON", b"\x0317\x00Folk", 4), 4, [("genre", "Rock"), ("genre", "Folk")]),
        (frame(b"TCO\0", b"\0Rock"), 3, [("genre", "Rock")]),  # a name of 2.2 in 2.3
        (frame(b"TKE", b"\0Am", 2), 2, [("key", "Am")]),
        (frame(b"TXXX", b"\0INITIALKEY\x005A"), 3, [("key", "5A")]),
        (frame(b"TXXX", b"\1\xff\xfek\0e\0y\0\0\0\xff\xfeC\0m\0"), 3, [("key", "Cm")]),
        (frame(b"TXXX", b"\0KEYWORDS\0x"), 3, []),
        (frame(b"TCOM", b"\x07Bach"), 3, [("composer", "\x07Bach")]),
        (
            frame(b"TCOM", struct.pack(">I", 5) + zlib.compress(b"\0Bach"), 3, b"\0\x80"),
            3,
            [("composer", "Bach")],
        ),
        (frame(b"TCOM", safe(5) + zlib.compress(b"\0Bach"), 4, b"\0\x09"), 4, [("composer", "Bach")]),
        (frame(b"TCOM", b"\1secret", 3, b"\0\x40"), 3, [("composer", "(encrypted)")]),
        (frame(b"TCOM", bytes(4) + b"no zlib", 3, b"\0\x80"), 3, [("composer", "(cannot be decompressed)")]),
        (frame(b"TCOM", b""), 3, []),
        (frame(b"TCO ", b"\0Rock"), 3, [("genre", "Rock")]),
    ],
)
def test_what_says_something_is_read(frames, version, values):
    found = tag_at(tag(TITLE if version == 3 else b"")[:0] + tag(frames, version))
    assert found is not None
    assert found.values() == values


def test_a_frame_takes_the_place_of_those_of_its_kind():
    before = tag_at(tag(frame(b"TCON", b"\0") + TITLE + frame(b"TXXX", b"\0genre\0 ")))
    assert before is not None
    after = before.with_values({"genre": "jig"})
    assert [part.name for part in after.frames] == [b"TCON", b"TIT2"]


def test_a_new_tag_is_2_4_in_utf_8():
    data = Tag(4).with_values(NEW).rendered()
    assert data[:6] == b"ID3\4\0\0"
    assert frame(b"TCOM", b"\3" + "Dvořák".encode(), 4) in data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (tag(b"", 5), r"has the version 2\.5, which is not known"),
        (tag(TITLE)[:-3], "is cut short"),
        (tag(b"", 2, 0x40), "is compressed"),
    ],
)
def test_tags_that_cannot_be_read_say_why(data, reason):
    with pytest.raises(PieceError, match=reason):
        tag_at(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (tag(struct.pack(">IHI", 10, 0x8000, 0) + bytes(4) + TITLE, flags=0x40), "checksum of its frames"),
        (
            tag(safe(12) + b"\1\x20\5" + bytes(5) + frame(b"TIT2", b"\0T", 4), 4, 0x40),
            "checksum of its frames",
        ),
    ],
)
def test_tags_whose_bytes_could_not_be_kept_are_refused(data, reason):
    before = tag_at(data)
    assert before is not None
    with pytest.raises(PieceError, match=reason):
        before.with_values(NEW).rendered()


def test_no_tag_is_none():
    assert tag_at(b"") is None
    assert tag_at(b"\xff\xfb\x90\xc4") is None
    assert re.fullmatch(rb"ID3.{7}", tag(b""))


def test_padding_that_an_extended_header_states_stays():
    before = tag(struct.pack(">IHI", 6, 0, 500) + TITLE, flags=0x40, padding=500)
    found = tag_at(before)
    assert found is not None
    after = found.with_values({"genre": "jig"}).rendered()
    assert len(after) == len(before) + len(frame(b"TCON", b"\0jig"))
    assert after[10:20] == before[10:20]
    assert after.endswith(TITLE + bytes(500))


@pytest.mark.parametrize("flag", [b"\0\0", b"\0\2"], ids=["by the tag", "by the frame"])
def test_unsynchronised_text_of_2_4_is_read(flag):
    body = b"\1\xff\xfek\0e\0y\0\0\0\xff\xfeC\0m\0".replace(b"\xff", b"\xff\0")
    found = tag_at(tag(frame(b"TXXX", body, 4, flag), 4, 0x80))
    assert found is not None
    assert found.values() == [("key", "Cm")]


def test_new_frames_are_unsynchronised_where_the_tag_is():
    found = tag_at(tag(TITLE, flags=0x80))
    assert found is not None
    data = found.with_values({"composer": "Dvořák ｱ"}).rendered()  # its last byte is FF
    assert frame(b"TCOM", b"")[:4] in data
    assert b"\xff\0\xfe" in data
    assert not re.search(rb"\xff[\xe0-\xff]", data)
    again = tag_at(data)
    assert again is not None
    assert again.values() == [("composer", "Dvořák ｱ")]


def test_new_frames_with_zeros_put_in_stand_behind_all_others():
    # FFmpeg takes the sizes of such frames for stored ones, and would miss what follows.
    found = tag_at(tag(TITLE, flags=0x80))
    assert found is not None
    names = [part.name for part in found.with_values({"genre": "jig", "composer": "Dvořák"}).frames]
    assert names == [b"TCON", b"TIT2", b"TCOM"]


def test_a_tag_that_would_exceed_its_sizes_is_refused(monkeypatch):
    monkeypatch.setattr("earmark.apps.tags.id3_bytes.LARGEST", 1000)
    with pytest.raises(PieceError, match="256 MB"):
        Tag(4).with_values({"genre": "x" * 1000}).rendered()
