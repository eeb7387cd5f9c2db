"""Labels from tags, as every kind of file has them."""

import os
import shutil
import subprocess

import mutagen
import pytest
import soundfile
from mutagen.id3 import ID3, TALB, TCOM, TCON, TIT2, TPE1

from earmark.foundation.errors import EarmarkError
from earmark.music.sources.csv_table import read_csv
from earmark.music.sources.listing import write_listing
from earmark.music.sources.tagged import read_tagged

RATE_HZ = 22_050
TAGS = {
    "genre": "Jig",
    "composer": "Turlough O’Carolan",
    "artist": "The Band",
    "album": "First",
    "title": "A tune",
}
FRAMES = {"genre": TCON, "composer": TCOM, "artist": TPE1, "album": TALB, "title": TIT2}
MP4_NAMES = {"genre": "©gen", "composer": "©wrt", "artist": "©ART", "album": "©alb", "title": "©nam"}
ASF_NAMES = {
    "genre": "WM/Genre",
    "composer": "WM/Composer",
    "artist": "Author",
    "album": "WM/AlbumTitle",
    "title": "Title",
}


@pytest.fixture
def library(tmp_path, tone):
    """A maker of files with tags, by name: their suffix is their format."""

    def make(name, **tags):
        path = tmp_path / "library" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".m4a", ".wma", ".wv"):
            soundfile.write(tmp_path / "plain.wav", tone(440, RATE_HZ), RATE_HZ)
            command = ["ffmpeg", "-v", "error", "-y", "-i", str(tmp_path / "plain.wav"), str(path)]
            subprocess.run(command, check=True)
        else:
            soundfile.write(path, tone(440, RATE_HZ), RATE_HZ)
        file = mutagen.File(path)
        if tags and file.tags is None:
            file.add_tags()
        for field, text in tags.items():
            if path.suffix in (".mp3", ".wav", ".aiff"):
                file.tags.add(FRAMES[field](encoding=3, text=[text]))
            elif path.suffix in (".m4a", ".wma"):
                file[(MP4_NAMES if path.suffix == ".m4a" else ASF_NAMES)[field]] = [text]
            else:
                file[field] = [text]
        file.save()
        return path

    return make


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="makes the files")
@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.ogg", "a.wav", "a.aiff", "a.m4a", "a.wma", "a.wv"])
def test_every_kind_of_file_says_its_label(library, name, tmp_path):
    path = library(name, **TAGS)
    for field in ("genre", "composer", "artist"):
        (origin,) = read_tagged(tmp_path / "library", field)
        assert (origin.label, origin.fault, origin.title) == (TAGS[field], "", "A tune")
        assert (origin.name, origin.file) == (str(path), path)


def test_the_work_is_what_must_not_be_on_both_sides(library, tmp_path):
    library("1/a.flac", **TAGS)
    library("2/b.flac", genre="Jig", artist="The Band", album="Second")
    library("c.flac", genre="Jig", album="Third")
    alone = library("d.flac", genre="Jig")
    works = [origin.group for origin in read_tagged(tmp_path / "library", "genre")]
    assert works == ["Jig/The Band", "Jig/The Band", "Jig/Third", str(alone)]
    works = [origin.group for origin in read_tagged(tmp_path / "library", "artist")]
    assert works[:2] == ["The Band/First", "The Band/Second"]


def test_what_says_nothing_is_left_out_by_name(library, tmp_path):
    library("a.flac", genre="Unknown")
    library("b.flac")
    library("c.flac", genre="  Slip\u00a0 jig ")
    midi = b"MThd\0\0\0\6\0\0\0\1\0\x60MTrk\0\0\0\4\0\xff\x2f\0"
    (tmp_path / "library" / "d.mid").write_bytes(midi)
    (tmp_path / "library" / "e.flac").write_bytes(b"fLaC")
    (tmp_path / "library" / "f.mp3").symlink_to("nowhere.mp3")
    (tmp_path / "library" / "g.txt").write_text("no music")
    (tmp_path / "library" / os.fsdecode(b"h\xe9.flac")).write_bytes(b"fLaC")
    origins = read_tagged(tmp_path / "library", "genre")
    assert [(origin.file.name[0], origin.label) for origin in origins] == [
        *(("a", ""), ("b", ""), ("c", "Slip jig"), ("d", ""), ("e", ""), ("f", ""), ("h", "")),
    ]
    faults = [origin.fault for origin in origins]
    assert faults[:4] == ["its tags say no genre", "its tags say no genre", "", "its tags say no genre"]
    assert faults[4].startswith("its tags cannot be read: ")
    assert "the link leads to nowhere.mp3" in faults[5]
    assert "is not UTF-8" in faults[6]


def test_numbers_of_genres_are_their_names(library, tmp_path):
    path = library("a.mp3")
    tags = ID3()
    tags.add(TCON(encoding=0, text=["(32)"]))
    tags.save(path)
    assert [one.label for one in read_tagged(tmp_path / "library", "genre")] == ["Classical"]


def test_the_table_of_them_reads_as_a_users_would(library, tmp_path):
    library('a, "b";.flac', **TAGS)
    library("c.flac")
    origins = read_tagged(tmp_path / "library", "genre")
    write_listing(tmp_path / "chosen.csv", origins)
    assert read_csv(tmp_path / "chosen.csv") == [one for one in origins if not one.fault]


def test_no_music_is_said(tmp_path):
    with pytest.raises(EarmarkError, match="is not a folder"):
        read_tagged(tmp_path / "none", "genre")
    with pytest.raises(EarmarkError, match="holds no music"):
        read_tagged(tmp_path, "genre")
