"""Atoms of MP4 by their usual names; all others stay byte for byte."""

import struct

import pytest
from mutagen.mp4 import MP4, MP4FreeForm

from earmark.apps.tags.mp4_tags import Mp4Tagging
from earmark.apps.tags.tagging import tagging_of
from earmark.foundation.errors import PieceError

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


def atom(name, *content):
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), name) + body


def data(value, kind=1, locale=0):
    return atom(b"data", struct.pack(">II", kind, locale), value)


def hdlr(handler=b"mdir"):
    return atom(b"hdlr", bytes(8), handler, b"appl", bytes(9))


def meta(*items, behind=b"", version=bytes(4)):
    return atom(b"meta", version, hdlr(), atom(b"ilst", *items), behind)


@pytest.fixture
def movie(tmp_path, music):
    """An M4A whose moov, which stands before the sound, ends with some atoms."""

    def write(*last, name="b.m4a", behind=b""):
        plain = music("a.m4a").read_bytes()
        start = plain.index(b"moov") - 4
        size = int.from_bytes(plain[start : start + 4], "big")
        new = plain[: start + size] + b"".join(last)
        new = new[:start] + struct.pack(">I", len(new) - start) + new[start + 4 :]
        table = new.index(b"stco") + 12
        grown = len(new) - start - size + len(behind)
        places = (place + grown for place in struct.unpack(">2I", new[table : table + 8]))
        new = new[:table] + struct.pack(">2I", *places) + new[table + 8 :]
        (tmp_path / name).write_bytes(new + behind + plain[start + size :])
        return tmp_path / name

    return write


TITLE = atom(b"\xa9nam", data(b"Title"))
FREE_KEY = atom(b"----", atom(b"mean", bytes(4), b"com.a"), atom(b"name", bytes(4), b"n"), data(b"\xff", 0))
ODD = {
    "a number of four bytes": atom(b"stik", data(b"\0\0\0\x78", 21)),
    "a disc of eight bytes": atom(b"disk", data(b"\0\0\0\1\0\2\0\0", 0)),
    "a track of six bytes": atom(b"trkn", data(b"\0\0\0\1\0\2", 0)),
    "a text of no kind": atom(b"\xa9ART", data(b"A", 0)),
    "a text of a language": atom(b"\xa9ART", data(b"A", 1, 0x1234)),
    "bytes that are no UTF-8": atom(b"\xa9ART", data(b"Caf\xe9")),
    "two values": atom(b"\xa9ART", data(b"A"), data(b"B")),
    "one field twice": atom(b"\xa9nam", data(b"A")) * 2,
    "a cover of no kind": atom(b"covr", data(b"\xff\xd8\xff", 0), atom(b"name", bytes(4), b"a.jpg")),
    "a free field": FREE_KEY,
    "a free field without a name": atom(b"----", atom(b"name", bytes(4), b"x"), data(b"y")),
    "an unknown field": atom(b"zzzz", b"raw"),
    "room inside": atom(b"free", bytes(20)),
    "an empty genre": atom(b"\xa9gen", data(b"")),
    "a rest": b"\0\0\0\1abc",
}


@pytest.mark.parametrize("room", [0, 8, 300, 2000])
@pytest.mark.parametrize("case", ODD)
def test_odd_atoms_stay_byte_for_byte(movie, fill, case, room):
    free = atom(b"free", bytes(room - 8)) if room else b""
    path = movie(atom(b"udta", meta(ODD[case] if case != "a rest" else b"", TITLE, behind=free)))
    if case == "a rest":
        path = movie(atom(b"udta", meta(TITLE, ODD[case], behind=free)))
    had, after = fill(path)
    assert had == {}
    assert (ODD[case] in after) == (case != "an empty genre")
    assert TITLE in after
    assert (len(after) == len(path.read_bytes())) == (room >= 300)


PLACES = {
    "no tags": (),
    "empty udta": (atom(b"udta"),),
    "empty udta of QuickTime": (atom(b"udta", bytes(4)),),
    "udta of QuickTime": (atom(b"udta", atom(b"name", b"x"), bytes(4)),),
    "empty tags": (atom(b"udta", meta()),),
    "tags in udta of QuickTime": (atom(b"udta", meta(TITLE), bytes(4)),),
    "meta of QuickTime": (atom(b"udta", meta(TITLE, version=b"")),),
    "meta without tags": (atom(b"udta", atom(b"meta", bytes(4), hdlr())),),
    "two udta": (atom(b"udta", atom(b"name", b"x")), atom(b"udta", meta(TITLE))),
    "room elsewhere": (atom(b"udta", meta(TITLE)), atom(b"free", bytes(30))),
}
UNREAD = {case for case in PLACES if "QuickTime" in case} | {"two udta"}  # by mutagen, tagged or not


@pytest.mark.parametrize("case", PLACES)
@pytest.mark.parametrize("behind", [b"", atom(b"free", bytes(1500)), atom(b"wide")])
def test_tags_find_their_place(movie, fill, tmp_path, case, behind):
    path = movie(*PLACES[case], behind=behind)
    had, after = fill(path)
    assert had == {}
    if len(behind) > 8:
        assert len(after) == len(path.read_bytes())
    assert (TITLE in after) == (TITLE in b"".join(PLACES[case]))
    if case in UNREAD:
        return
    (tmp_path / "after.m4a").write_bytes(after)
    tags = MP4(tmp_path / "after.m4a").tags
    assert (tags["©gen"], tags["©wrt"]) == (["jig"], ["Antonín Dvořák"])
    assert tags[FREE + "initialkey"] == [b"F#m"]


def test_a_genre_by_number_counts_and_stays(movie, fill):
    number = atom(b"gnre", data(b"\0\x12", 0))  # 18, counted from 1
    had, after = fill(movie(atom(b"udta", meta(number, TITLE))))
    assert had == {"genre": ["Rock"]}
    assert number in after


def keyed(*names):
    keys = atom(b"keys", bytes(4), struct.pack(">I", len(names)), *(atom(b"mdta", name) for name in names))
    items = (atom(struct.pack(">I", number + 1), data(b"Rock")) for number in range(len(names)))
    return atom(b"meta", bytes(4), hdlr(b"mdta"), keys, atom(b"ilst", *items))


@pytest.mark.parametrize(
    "last",
    [
        atom(b"udta", atom(b"\xa9gen", struct.pack(">HH", 4, 0x55C4), b"Rock")),  # QuickTime
        atom(b"udta", atom(b"gnre", bytes(4), b"\x15\xc7Rock\0")),  # 3GP
        keyed(b"title", b"com.apple.quicktime.genre"),
        keyed(b"genre"),
        atom(b"trak", atom(b"udta", meta(atom(b"\xa9gen", data(b"Rock"))))),
        atom(b"udta", meta(atom(b"\xa9gen", data("Rock".encode("utf-16-be"), 2)))),
    ],
)
def test_a_genre_counts_wherever_players_find_it(movie, fill, last):
    had, after = fill(movie(last))
    assert had == {"genre": ["Rock"]}
    assert after.count(b"Rock") + after.count(b"R\0o\0c\0k") == last.count(b"Rock") + last.count(
        b"R\0o\0c\0k"
    )


def test_a_composer_of_quicktime_counts(movie, fill):
    had, _ = fill(movie(atom(b"udta", atom(b"\xa9com", struct.pack(">HH", 4, 0), b"Bach"))))
    assert had == {"composer": ["Bach"]}


def test_tags_by_keys_in_the_place_of_others_are_refused(movie):
    path = movie(atom(b"udta", keyed(b"title")))
    with pytest.raises(PieceError, match="by keys"):
        tagging_of(path)[1].write(path, {"genre": "jig"})


def test_a_value_takes_the_place_of_those_of_its_kind(movie):
    field = atom(b"----", atom(b"mean", bytes(4), b"com.a"), atom(b"name", bytes(4), b"KEY"), data(b"x"))
    path = movie(atom(b"udta", meta(field, atom(b"\xa9gen", data(b"")), TITLE, atom(b"gnre", data(b"\0\1")))))
    tagging = Mp4Tagging()
    before = tagging.others(path, ["genre", "key"])
    tagging.write(path, {"genre": "jig", "key": "Am"})
    assert tagging.read(path) == {"genre": ["jig"], "key": ["Am"]}
    assert tagging.others(path, ["genre", "key"]) == before
    assert field[8:-17] in path.read_bytes()  # the name of the field stays


def test_a_file_that_ends_early_is_tagged_only_if_the_movie_is_whole(movie, fill):
    path = movie(atom(b"udta", meta(TITLE)))
    whole = path.read_bytes()
    path.write_bytes(whole[:-500])  # of the sound
    _, after = fill(path)
    assert after.endswith(whole[whole.index(b"mdat") : -500])
    path.write_bytes(whole[: whole.index(b"Title")])
    with pytest.raises(PieceError, match="cut short"):
        tagging_of(path)[1].read(path)


def test_a_file_without_a_movie_is_refused(tmp_path):
    (tmp_path / "a.m4a").write_bytes(atom(b"ftyp", b"M4A ") + atom(b"mdat", b"x"))
    with pytest.raises(PieceError, match="no atom moov"):
        tagging_of(tmp_path / "a.m4a")[1].read(tmp_path / "a.m4a")


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


@pytest.mark.parametrize(("value", "bpm"), [(b"\0\x78", "120"), (b"\0\0\0\x78", "120"), (b"\x60", "96")])
def test_a_tempo_is_a_number_of_any_size_and_is_replaced(movie, value, bpm):
    path = movie(atom(b"udta", meta(TITLE, atom(b"tmpo", data(value, 21)))))
    tagging = tagging_of(path)[1]
    assert tagging.read(path) == {"bpm": [bpm]}
    before = tagging.others(path, ["bpm"])
    tagging.write(path, {"bpm": "174"})
    assert tagging.read(path) == {"bpm": ["174"]}
    assert path.read_bytes().count(b"tmpo") == 1
    assert tagging.others(path, ["bpm"]) == before


def test_a_tempo_of_nothing_does_not_count_and_a_free_one_does(movie):
    free = atom(b"----", atom(b"mean", bytes(4), b"com.a"), atom(b"name", bytes(4), b"BPM"), data(b"99.5"))
    path = movie(atom(b"udta", meta(TITLE, atom(b"tmpo", data(b"\0\0", 21)))))
    assert tagging_of(path)[1].read(path) == {}
    path = movie(atom(b"udta", meta(TITLE, free)))
    assert tagging_of(path)[1].read(path) == {"bpm": ["99.5"]}
