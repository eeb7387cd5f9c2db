"""Formats of files of music, told by content first."""

import struct

import numpy as np
import pytest
import soundfile

from earmark.foundation.errors import PieceError
from earmark.music.recordings.formats import (
    BY_SUFFIX,
    FORMATS,
    MUSIC_SUFFIXES,
    format_of,
    format_of_name,
    is_music,
    known_suffixes,
    media_of,
    suffix_of,
)

# A frame of MPEG-1 layer III at 128 kbit/s and 44,100 Hz has 417 bytes.
FRAMES = 3 * (b"\xff\xfb\x90\xc4" + bytes(413))
ID3 = b"ID3\4\0\0\0\0\0\x0a" + bytes(10)


@pytest.fixture
def write(tmp_path):
    """Write bytes to a file of a name."""

    def file(name, content=b""):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return file


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (b"MThd....", ".mid"),
        (b"RIFF\0\0\0\0RMIDdata", ".mid"),
        (b"\0\x08song.mid" + bytes(118) + b"MThd", ".mid"),
        (b"RIFF\0\0\0\0WAVEfmt ", ".wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", ".wav"),
        (b"fLaC\0", ".flac"),
        (ID3 + b"fLaC\0", ".flac"),
        (ID3 + ID3 + b"fLaC\0", ".flac"),
        (b"OggS\0", ".ogg"),
        (FRAMES, ".mp3"),
        (b"ICY 200 OK\r\n\r\n" + FRAMES, ".mp3"),
        (ID3 + FRAMES, ".mp3"),
        (ID3 + bytes(5000) + FRAMES, ".mp3"),
        (b"\xff\xf1\x50\x80", ".aac"),
        (b"\xff\xf9\x50\x80", ".aac"),
        (b"\0\0\0\x20ftypM4A ", ".m4a"),
        (b"FORM\0\0\0\0AIFC", ".aiff"),
        (b".snd\0\0\0\x18", ".au"),
        (b"caff\0\1", ".caf"),
        (b"\x1aE\xdf\xa3", ".mka"),
        (b"\xff\xfe<\0h\0t\0m\0", ""),  # UTF-16, whose mark looks like the sync word of layer I
        (b"hello", ""),
        (b"", ""),
    ],
)
def test_content_tells_the_format(data, suffix):
    assert suffix_of(data) == suffix


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<!DOCTYPE html><html>404</html>", "a web page"),
        (b"\xef\xbb\xbf\r\n <HTML lang=de>", "a web page"),
        (b"<?xml version='1.0'?><score-partwise>", "an XML file"),
        (b"%PDF-1.7", "a PDF file"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS: git lfs pull"),
    ],
)
@pytest.mark.parametrize("name", ["song.mp3", "song.mid", "song"])
def test_what_is_something_else_is_named_whatever_its_suffix(write, content, what, name):
    with pytest.raises(PieceError, match=f"^is {what}.*, not music$"):
        format_of(write(name, content))


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("wav.mid", b"RIFF\0\0\0\0WAVEfmt ", "WAV"),
        ("midi.wav", b"MThd\0\0\0\6", "MIDI"),
        ("m4a.mp3", b"\0\0\0\x20ftypM4A ", "MP4"),
        ("flac.ogg", b"fLaC\0", "FLAC"),
        ("text in front.MID", b"Content-Type: audio/midi\n\nMThd", "MIDI"),
        ("zeros.mp3", bytes(5000), "MP3"),
        ("empty.oga", b"", "Ogg"),
        ("no suffix", FRAMES, "MP3"),
    ],
)
def test_content_goes_before_the_suffix(write, name, content, expected):
    form = format_of(write(name, content))
    assert form is not None
    assert form.name == expected
    assert media_of(write(name, content)) == ("midi" if expected == "MIDI" else "audio")


def test_files_of_unknown_format_are_no_music_for_a_folder_but_may_be_tried(write):
    assert format_of(write("notes.txt", b"hello")) is None
    assert not is_music(write("notes.txt", b"hello"))
    assert not is_music(write("cover.jpg", b"\xff\xd8\xff\xe0"))
    assert not is_music(write("gone.txt").with_name("nowhere"))
    assert is_music(write("track", FRAMES))
    assert is_music(write("track.mp3", b"<html>"))  # and is refused by name later
    assert media_of(write("notes.txt", b"hello")) == "audio"


def test_every_suffix_leads_to_one_format():
    assert len(MUSIC_SUFFIXES) == sum(len(form.suffixes) for form in FORMATS) == len(BY_SUFFIX)
    assert all(format_of_name(f"A.{suffix[1:].upper()}") is BY_SUFFIX[suffix] for suffix in MUSIC_SUFFIXES)
    assert known_suffixes().split()[:4] == [".mid", ".midi", ".kar", ".rmi"]


@pytest.mark.parametrize("name", ["WAV", "FLAC", "AIFF", "AU", "CAF", "W64", "RF64", "OGG", "MP3", "VOC"])
def test_what_libsndfile_writes_is_told_by_its_content(tmp_path, name):
    soundfile.write(tmp_path / "sound", np.zeros(22_050), 22_050, format=name)
    form = format_of(tmp_path / "sound")
    assert form is not None
    assert form.library == "libsndfile"
    assert form.name.upper() in {name, "WAV" if name == "RF64" else "", "WAVE64" if name == "W64" else ""}


def test_a_tag_longer_than_what_is_read_at_once_is_passed_over(write):
    cover = 200_000
    size = bytes(cover >> shift & 0x7F for shift in (21, 14, 7, 0))
    tag = struct.pack("3s3B4s", b"ID3", 3, 0, 0, size) + bytes(cover)
    form = format_of(write("song.flac", tag + b"fLaC\0"))
    assert form is not None
    assert form.name == "FLAC"
