"""The digest of the sound: blind for tags, and for nothing else."""

import pytest

from earmark.apps.tags.audio_digest import audio_digest
from earmark.apps.tags.tagging import tagging_of
from earmark.foundation.errors import PieceError

LONG = {"genre": "x" * 70_000, "composer": "Bach"}  # more than a page of Ogg holds, more than any padding


def test_tags_do_not_count(plain):
    form, tagging = tagging_of(plain)
    before = audio_digest(plain, form)
    tagging.write(plain, LONG)
    assert audio_digest(plain, form) == before


def test_one_bit_of_sound_counts(plain):
    form, _ = tagging_of(plain)
    before = audio_digest(plain, form)
    data = bytearray(plain.read_bytes())
    data[-300] ^= 1
    plain.write_bytes(data)
    try:
        assert audio_digest(plain, form) != before
    except PieceError:
        assert form == ".ogg"  # its pages have checksums


def test_another_tone_counts(music):
    for name in ("a.mp3", "a.ogg", "a.wav"):
        form = name[1:]
        assert audio_digest(music(name), form) != audio_digest(music(f"b{form}", hz=441), form)


def test_mp4_whose_table_points_elsewhere_counts(music):
    path = music("a.m4a")
    before = audio_digest(path, ".m4a")
    data = bytearray(path.read_bytes())
    data[data.index(b"stco") + 15] ^= 8
    path.write_bytes(data)
    assert audio_digest(path, ".m4a") != before


@pytest.mark.parametrize("form", [".flac", ".wav", ".aiff", ".m4a"])
def test_what_is_of_another_format_is_one_line(tmp_path, form):
    path = tmp_path / f"a{form}"
    path.write_bytes(b"no music at all, " * 9)
    with pytest.raises(PieceError, match=rf"is not a sound .*{form}.* file"):
        audio_digest(path, form)
