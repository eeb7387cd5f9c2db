"""All places of an MP3 where a tag may stand."""

import struct

import pytest
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, TCOM, TCON, TIT2

from earmark.apps.tags.mpeg import MpegTagging
from earmark.apps.tags.tagging import tagging_of


def id3(*frames, version=4):
    def made(path):
        tags = ID3()
        for frame in frames:
            tags.add(frame)
        tags.save(path, v2_version=version, padding=lambda info: 0)
        return path.read_bytes()

    return made


ROCK = id3(TCON(encoding=3, text=["Rock"]), TCOM(encoding=3, text=["Anon"]))
TITLED = id3(TIT2(encoding=3, text=["T"]))


def id3v1(genre, title=b"Title"):
    return b"TAG" + title.ljust(30, b"\0") + bytes(94) + bytes([genre])


def appended(tag):
    flagged = bytearray(tag)
    flagged[5] |= 0x10
    return bytes(flagged) + b"3DI" + bytes(flagged[3:10])


@pytest.fixture
def parts(music, tmp_path):
    """Sound, a tag of a title, and one of genre and composer, as bytes."""
    (tmp_path / "new").write_bytes(b"")
    (tmp_path / "other").write_bytes(b"")
    return music("a.mp3").read_bytes(), TITLED(tmp_path / "new"), ROCK(tmp_path / "other")


@pytest.fixture
def write(tmp_path):
    def file(*content):
        (tmp_path / "b.mp3").write_bytes(b"".join(content))
        return tmp_path / "b.mp3"

    return file


BOTH = {"genre": ["Rock"], "composer": ["Anon"]}


def test_a_second_tag_counts_and_the_first_one_is_written(parts, write, fill):
    sound, titled, rock = parts
    had, after = fill(write(titled, rock, sound))
    assert had == BOTH
    assert after.endswith(rock + sound)


@pytest.mark.parametrize("behind", [b"", id3v1(255)], ids=["end", "before ID3v1"])
def test_a_tag_at_the_end_counts_and_goes_along_to_the_front(parts, write, fill, tmp_path, behind):
    sound, _, rock = parts
    had, after = fill(write(sound, appended(rock), behind))
    assert had == BOTH
    assert after.endswith(sound + appended(rock) + behind)
    (tmp_path / "after.mp3").write_bytes(after)
    tags = ID3(tmp_path / "after.mp3", load_v1=False)
    assert (tags["TCON"].text, tags["TCOM"].text, tags["TKEY"].text) == (["Rock"], ["Anon"], ["F#m"])


@pytest.mark.parametrize("name", ["Genre", "GENRE"])
@pytest.mark.parametrize("behind", [b"", id3v1(255)], ids=["end", "before ID3v1"])
def test_apev2_counts_and_stays(parts, write, fill, name, behind):
    path = write(parts[0])
    tags = APEv2()
    tags[name], tags["Composer"], tags["Initialkey"] = "Rock", "Anon", ["Cm", "5A"]
    tags.save(path)
    path = write(path.read_bytes(), behind)
    had, after = fill(path, {"genre": "jig", "key": "C", "composer": "me"})
    assert had == {**BOTH, "key": ["Cm", "5A"]}
    assert after == path.read_bytes()


def test_apev2_of_other_things_says_nothing(parts, write, fill):
    path = write(parts[0])
    tags = APEv2()
    # 131 bytes, so that the mark APETAGEX stands where ID3v1 would have TAG.
    tags["REPLAYGAIN_TRACK_GAIN"], tags["MP3GAIN_MINMAX"] = "-3.0 dB", "100,200"
    tags.save(path)
    assert path.read_bytes()[-128:][:3] == b"TAG"
    had, after = fill(path)
    assert had == {}
    assert after.endswith(path.read_bytes())


def test_id3v1_beside_a_tag_counts(parts, write, fill):
    sound, titled, _ = parts
    had, after = fill(write(titled, sound, id3v1(17)))
    assert had == {"genre": ["Rock"]}
    assert after.endswith(sound + id3v1(17))


def test_what_id3v1_alone_says_goes_along(parts, write, fill, tmp_path):
    _, after = fill(write(parts[0], id3v1(255, b"Caf\xe9")))
    (tmp_path / "after.mp3").write_bytes(after)
    assert ID3(tmp_path / "after.mp3", load_v1=False)["TIT2"].text == ["Café"]


def test_only_what_follows_the_first_tag_is_sound(parts, write):
    sound, titled, rock = parts
    form, tagging = tagging_of(write(titled, rock, sound))
    assert form == ".mp3"
    assert isinstance(tagging, MpegTagging)
    assert tagging.others(write(sound), ["genre"]) is None
    size = struct.unpack(">I", titled[6:10])[0]
    assert tagging.others(write(titled, sound), ["genre"])[4] == [titled[10 : 10 + size]]
