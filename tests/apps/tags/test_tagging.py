"""What genre, key, composer and tempo are called in each format, and that nothing else changes."""

import struct

import mutagen
import pytest
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, COMM, ID3, TCOM, TCON, TIT2, TKEY, TXXX, TYER, ID3NoHeaderError
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm

from earmark.apps.tags.tagging import tagging_of
from earmark.foundation.errors import PieceError
from earmark.music.recordings.id3_extent import id3_extent

NEW = {"genre": "jig", "key": "F#m", "composer": "Antonín Dvořák, 久石譲", "bpm": "128"}
READ = {kind: [value] for kind, value in NEW.items()}
COVER = b"\x89PNG" + bytes(range(256)) * 40


def tagging(path):
    return tagging_of(path)[1]


def test_none_then_all_then_others(plain):
    assert tagging(plain).read(plain) == {}
    tagging(plain).write(plain, NEW)
    assert tagging(plain).read(plain) == READ
    tagging(plain).write(plain, {"genre": "reel"})
    assert tagging(plain).read(plain) == {**READ, "genre": ["reel"]}


def test_names_in_each_format(plain):
    tagging(plain).write(plain, NEW)
    tags = mutagen.File(plain).tags
    form = plain.suffix
    if form in (".mp3", ".wav", ".aiff"):
        assert tags.version == (2, 4, 0)
        assert {key: frame.text for key, frame in tags.items()} == {
            "TCON": ["jig"],
            "TKEY": ["F#m"],
            "TCOM": [NEW["composer"]],
            "TBPM": ["128"],
        }
    elif form == ".m4a":
        assert dict(tags) == {
            "©gen": ["jig"],
            "©wrt": [NEW["composer"]],
            "tmpo": [128],
            "----:com.apple.iTunes:initialkey": [b"F#m"],
        }
    else:
        values = {name: value for name, value in tags if name != "ENCODER"}
        assert values == {"GENRE": "jig", "INITIALKEY": "F#m", "COMPOSER": NEW["composer"], "BPM": "128"}


@pytest.mark.parametrize("genres", [["jig", "reel"], ["Gigue", "Écossaise", "ﾎﾟﾙｶ"]])
def test_several_genres_are_several_values_for_other_programs_too(plain, genres):
    tagging(plain).write(plain, {"genre": genres, "key": "C"})
    assert tagging(plain).read(plain) == {"genre": genres, "key": ["C"]}
    tags = mutagen.File(plain).tags
    if plain.suffix in (".mp3", ".wav", ".aiff"):
        assert tags["TCON"].text == genres
    else:
        assert tags["©gen" if plain.suffix == ".m4a" else "genre"] == genres
    tagging(plain).write(plain, {"genre": "polka"})
    assert tagging(plain).read(plain) == {"genre": ["polka"], "key": ["C"]}


@pytest.mark.parametrize("genres", [["jig", "reel"], ["Gigue", "Écossaise"]])
def test_several_genres_in_a_tag_of_version_2_3(music, genres):
    path = music("a.mp3")
    tags = ID3()
    tags.add(TIT2(encoding=1, text=["Größe"]))
    tags.save(path, v2_version=3)
    tagging(path).write(path, {"genre": genres})
    assert tagging(path).read(path) == {"genre": genres}
    assert ID3(path, translate=False)["TCON"].text == genres
    assert id3_extent(path.read_bytes()[:10])[0]
    assert path.read_bytes()[3] == 3


@pytest.mark.parametrize("version", [3, 4])
def test_an_id3_tag_keeps_its_version_its_frames_and_its_pictures(music, version):
    path = music("a.mp3")
    tags = ID3()
    tags.add(TIT2(encoding=1, text=["Größe"]))
    tags.add(TXXX(encoding=0, desc="mood", text=["one/two"]))
    tags.add(COMM(encoding=1, lang="deu", desc="", text=["so"]))
    tags.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=COVER))
    if version == 3:
        tags.add(TYER(encoding=0, text=["1893"]))
    tags.save(path, v2_version=version)
    before = dict(ID3(path, translate=False))
    tagging(path).write(path, NEW)
    after = ID3(path, translate=False)
    assert after.version == (2, version, 0)
    assert {
        key: repr(frame) for key, frame in after.items() if key not in ("TCON", "TKEY", "TCOM", "TBPM")
    } == {key: repr(frame) for key, frame in before.items()}
    assert tagging(path).read(path) == READ
    assert after["TCOM"].encoding == (1 if version == 3 else 3)  # UTF-8 came with 2.4


def test_id3_of_version_2_2_stays_2_2(music):
    path = music("a.mp3")
    title = b"TT2" + (6).to_bytes(3) + b"\0Title"
    size = len(title).to_bytes(1)
    path.write_bytes(b"ID3\2\0\0\0\0\0" + size + title + path.read_bytes())
    assert tagging(path).read(path) == {}
    tagging(path).write(path, {"genre": "jig"})
    tags = ID3(path, translate=False)
    assert (tags.version, tags["TIT2"].text, tags["TCON"].text) == ((2, 2, 0), ["Title"], ["jig"])


def id3v1(genre=255):
    return b"TAG" + b"Old title".ljust(30, b"\0") + bytes(64) + b"a comment".ljust(30, b"\0") + bytes([genre])


def test_id3v1_is_read_and_stays_as_it_is(music):
    path = music("a.mp3")
    path.write_bytes(path.read_bytes() + id3v1(genre=9))
    assert tagging(path).read(path) == {"genre": ["Metal"]}
    tagging(path).write(path, {"key": "Am"})
    assert path.read_bytes().endswith(id3v1(genre=9))
    tags = ID3(path, load_v1=False, translate=False)
    # Readers that find ID3v2 look no further: what ID3v1 says goes along.
    assert (tags["TIT2"].text, tags["TCON"].text, tags["TKEY"].text) == (["Old title"], ["Metal"], ["Am"])


def test_id3v1_beside_id3v2_adds_nothing_to_it(music):
    path = music("a.mp3")
    path.write_bytes(path.read_bytes() + id3v1())
    tags = ID3()
    tags.add(TCOM(encoding=0, text=["Bach"]))
    tags.save(path, v1=1)
    path.write_bytes(path.read_bytes()[:-128] + id3v1())
    tagging(path).write(path, {"genre": "jig"})
    assert set(ID3(path, load_v1=False)) == {"TCOM", "TCON"}
    assert path.read_bytes().endswith(id3v1())


def test_a_footer_is_no_sound(music):
    path = music("a.mp3")
    sound = path.read_bytes()
    frame = b"TIT2" + (6).to_bytes(4) + b"\0\0" + b"\0Title"
    size = bytes([0, 0, 0, len(frame)])
    path.write_bytes(b"ID3\4\0\x10" + size + frame + b"3DI\4\0\x10" + size + sound)
    assert id3_extent(path.read_bytes()) == (10 + len(frame), 20 + len(frame))
    tagging(path).write(path, {"genre": "jig"})
    data = path.read_bytes()
    assert data[id3_extent(data)[1] :] == sound
    assert ID3(path)["TIT2"].text == ["Title"]


def test_blank_tags_are_none(music):
    path = music("a.mp3")
    tags = ID3()
    tags.add(TCON(encoding=0, text=[""]))
    tags.add(TKEY(encoding=0, text=[" "]))
    tags.save(path)
    assert tagging(path).read(path) == {}
    tagging(path).write(path, NEW)
    assert tagging(path).read(path) == READ


@pytest.mark.parametrize("name", ["a.flac", "a.ogg", "a.opus"])
def test_a_vorbis_key_by_its_other_name_is_a_key(music, name):
    path = music(name)
    file = mutagen.File(path)
    file["Key"] = ["8B"]
    file["Genre"] = ["Folk", "World"]
    file.save()
    assert tagging(path).read(path) == {"key": ["8B"], "genre": ["Folk", "World"]}
    tagging(path).write(path, {"key": "C"})
    assert [pair for pair in mutagen.File(path).tags if "key" in pair[0].lower()] == [("Key", "C")]


def test_flac_keeps_pictures_blocks_and_other_comments(music):
    path = music("a.flac")
    file = FLAC(path)
    picture = Picture()
    picture.data, picture.mime = COVER, "image/png"
    file.add_picture(picture)
    file["title"] = ["Größe", "again"]
    file.save()
    others = tagging(path).others(path, list(NEW))
    tagging(path).write(path, NEW)
    assert tagging(path).others(path, list(NEW)) == others
    after = FLAC(path)
    assert (after.pictures[0].data, after["title"]) == (COVER, ["Größe", "again"])


def test_flac_behind_an_id3_tag(music):
    path = music("a.flac")
    sound = path.read_bytes()
    tags = ID3()
    tags.add(TIT2(encoding=0, text=["x"]))
    tags.save(path)
    assert tagging_of(path)[0] == ".flac"
    tagging(path).write(path, NEW)
    assert tagging(path).read(path) == READ
    assert ID3(path)["TIT2"].text == ["x"]
    assert sound[-2000:] == path.read_bytes()[-2000:]


def test_mp4_keeps_covers_and_spellings(music):
    path = music("a.m4a")
    file = MP4(path)
    file.add_tags()
    file["covr"] = [MP4Cover(COVER, MP4Cover.FORMAT_PNG)]
    file["----:com.apple.iTunes:INITIALKEY"] = [MP4FreeForm(b"Am")]
    file["trkn"] = [(1, 9)]
    file.save()
    assert tagging(path).read(path) == {"key": ["Am"]}
    tagging(path).write(path, NEW)
    after = MP4(path)
    assert after["covr"] == [COVER]
    assert after["trkn"] == [(1, 9)]
    assert [name for name in after if name.lower().endswith("key")] == ["----:com.apple.iTunes:INITIALKEY"]


def test_mp4_finds_its_sound_after_moov_has_grown(music):
    path = music("a.m4a")
    before = path.read_bytes()
    tagging(path).write(path, NEW)
    after = path.read_bytes()
    for data in (before, after):
        places = struct.unpack(">2I", data[data.index(b"stco") + 12 :][:8])
        assert [data[place : place + 256] for place in places] == [bytes(range(256))] * 2


@pytest.mark.parametrize("name", ["a.mid", "a.aac", "a.wma", "a.webm", "a.ogg", "a"])
def test_formats_without_tags(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(
        b"MThd" if name == "a.mid" else b"OggS but of another codec" if name == "a.ogg" else b"?"
    )
    assert tagging_of(path) is None


def test_the_content_decides_and_not_the_suffix(music):
    path = music("a.flac").rename(music("a.wav").with_name("b.mp3"))
    assert tagging_of(path)[0] == ".flac"


def test_what_cannot_be_opened_is_one_line(tmp_path):
    with pytest.raises(PieceError, match="No such file or directory"):
        tagging_of(tmp_path / "none.mp3")


def test_a_new_mp3_has_no_id3_tag(music):
    """What the tests above rest on."""
    with pytest.raises(ID3NoHeaderError):
        ID3(music("a.mp3"))
