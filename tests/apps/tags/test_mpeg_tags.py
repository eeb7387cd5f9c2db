"""All places of an MP3 where a tag may stand."""

import struct

import pytest
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, TCOM, TCON, TIT2

from earmark.apps.tags.mpeg_tags import MpegTagging
from earmark.apps.tags.tagging import tagging_of
from earmark.apps.tags.tail import pairs_at_end


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


@pytest.mark.parametrize("flag", [0x10, 0x90])
def test_a_footer_that_is_flagged_and_missing_costs_no_sound(parts, write, fill, flag):
    sound, titled, rock = parts
    flagged = titled[:5] + bytes([flag]) + titled[6:]
    had, after = fill(write(flagged, sound))
    assert had == {}
    assert after.endswith(titled[10:] + sound)
    assert b"3DI" not in after
    had, _ = fill(write(flagged, rock, sound))
    assert had == BOTH


def ape(items, header=True):
    content = b"".join(
        struct.pack("<II", len(value), 0) + name + b"\0" + value for name, value in items.items()
    )

    def end(flags):
        return b"APETAGEX" + struct.pack("<4I8x", 2000, len(content) + 32, len(items), flags)

    return (end(0xA0000000) if header else b"") + content + end(0x80000000 if header else 0)


LYRICS = b"LYRICSBEGININD0000200LYR00005hello"
LYRICS3 = LYRICS + b"%06dLYRICS200" % len(LYRICS)
LYRICS3_V1 = b"LYRICSBEGINla la laLYRICSEND"
ENHANCED = b"TAG+" + bytes(181) + b"Rock".ljust(30, b"\0") + bytes(12)
ROCK_APE = ape({b"Genre": b"Rock", b"Composer": b"Anon"})
ROCK_APE_1 = ape({b"Genre": b"Rock", b"Composer": b"Anon"}, header=False)
GAIN = ape({b"REPLAYGAIN_TRACK_GAIN": b"1 dB"})
BLANK = id3v1(255)
STACKS = {
    "APE, lyrics, ID3v1": ROCK_APE + LYRICS3 + BLANK,
    "APE, lyrics": ROCK_APE + LYRICS3,
    "lyrics, APE, ID3v1": LYRICS3 + ROCK_APE + BLANK,
    "APE, lyrics of version 1, ID3v1": ROCK_APE + LYRICS3_V1 + BLANK,
    "two of APE": ROCK_APE + GAIN,
    "APE of version 1": ROCK_APE_1 + BLANK,
    "APE with a bad name": ape({b"X": b"y", b"Genre": b"Rock", b"COMPOSER": b"Anon"}),
    "APE behind ID3v1": ROCK_APE + BLANK + GAIN,
}


@pytest.mark.parametrize("case", STACKS)
def test_tags_stacked_at_the_end_count_and_stay(parts, write, fill, case):
    sound, titled, _ = parts
    had, after = fill(write(titled, sound, STACKS[case]))
    assert had == BOTH
    assert after.endswith(sound + STACKS[case])


def test_id3_before_other_tags_at_the_end_counts(parts, write, fill):
    sound, _, rock = parts
    for behind in (LYRICS3 + BLANK, GAIN + BLANK, BLANK + GAIN):
        had, after = fill(write(sound, appended(rock), behind))
        assert had == BOTH
        assert after.endswith(sound + appended(rock) + behind)
        had, after = fill(write(sound, rock, behind))  # without a footer
        assert had == BOTH
        assert after.endswith(sound + rock + behind)


def test_enhanced_id3v1_counts(parts, write, fill):
    had, _ = fill(write(parts[0], ENHANCED, BLANK))
    assert had == {"genre": ["Rock"]}


def test_apev2_in_front_counts(parts, write, fill):
    sound, titled, _ = parts
    for front in (b"", titled):
        had, after = fill(write(front, ROCK_APE, sound))
        assert had == BOTH
        assert after.endswith(ROCK_APE + sound)


@pytest.mark.parametrize("length", [0, 5, 31, 32, 127, 128, 131, 160, 227])
def test_the_end_of_a_short_file_is_no_tag(length):
    assert pairs_at_end(b"A" * length) == []
    assert pairs_at_end((b"A" * 300 + ROCK_APE)[-length:] if length else b"") is not None


def test_a_genre_of_id3v1_is_taken_back_where_another_is_written(parts, write):
    sound, titled, _ = parts
    path = write(titled, sound, id3v1(17))
    _, tagging = tagging_of(path)
    tagging.write(path, {"genre": "jig"})
    assert tagging.read(path) == {"genre": ["jig"]}
    assert path.read_bytes().endswith(sound + id3v1(255))
    tagging.write(path, {"key": "Am"})
    assert tagging.read(path) == {"genre": ["jig"], "key": ["Am"]}
