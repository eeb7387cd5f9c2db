"""Atoms of MP4 by their usual names; all others stay byte for byte."""

import pytest
from mutagen.mp4 import MP4, MP4FreeForm

from earmark.apps.tags.mp4 import Mp4Tagging

FREE = "----:com.apple.iTunes:"


@pytest.fixture
def tagged(music):
    """An M4A with some tags."""

    def write(**tags):
        path = music("a.m4a")
        file = MP4(path)
        file.add_tags()
        for name, value in tags.items():
            file[name.replace("_", ":") if name.startswith("----") else name] = value
        file.save()
        return path

    return write


@pytest.mark.parametrize(
    "name", [FREE + "initialkey", FREE + "KEY", FREE + "Initial Key", "----:com.mixedinkey.mixedinkey:key"]
)
def test_a_key_counts_whatever_it_is_called(tagged, fill, name):
    had, after = fill(tagged(**{name: [MP4FreeForm(b"5A")]}))
    assert had == {"key": ["5A"]}
    assert after.count(b"5A") == 1


def test_a_genre_by_number_counts_and_is_not_spelled_otherwise(tagged):
    path = tagged(**{"©gen": ["xx"]})  # as long as a number
    data = path.read_bytes()
    place = data.index(b"\xa9gen")
    number = b"gnre" + data[place + 4 : place + 12] + bytes(8) + b"\0\x12"  # 18, counted from 1
    path.write_bytes(data[:place] + number + data[place + len(number) :])
    tagging = Mp4Tagging()
    assert tagging.read(path) == {"genre": ["Rock"]}
    before = tagging.others(path, ["key"])
    tagging.write(path, {"key": "Am"})
    assert tagging.others(path, ["key"]) != before  # mutagen writes it as ©gen: such a file is refused


def test_a_genre_in_a_free_field_counts(tagged, fill):
    had, _ = fill(
        tagged(**{FREE + "COMPOSER": [MP4FreeForm(b"Bach")], FREE + "Genre": [MP4FreeForm(b"Rock")]})
    )
    assert had == {"composer": ["Bach"], "genre": ["Rock"]}


def test_atoms_that_mutagen_cannot_read_stay(tagged, fill):
    path = tagged(
        **{"©nam": ["T"], "©day": ["2001"], FREE + "LABEL": [MP4FreeForm(b"\xff\xfe", dataformat=0)]}
    )
    path.write_bytes(path.read_bytes().replace(b"\xa9day", b"\xa9dax"))
    _, after = fill(path)
    assert b"\xa9dax" in after
    assert b"\xff\xfe" in after


def test_one_changed_byte_of_another_atom_is_seen(tagged):
    path = tagged(**{"©nam": ["Title"], "©gen": ["Rock"]})
    tagging = Mp4Tagging()
    before = tagging.others(path, ["genre"])
    path.write_bytes(path.read_bytes().replace(b"Rock", b"Folk"))
    assert tagging.others(path, ["genre"]) == before
    assert tagging.others(path, ["key"]) != before
    path.write_bytes(path.read_bytes().replace(b"Title", b"Tinle"))
    assert tagging.others(path, ["genre"]) != before
