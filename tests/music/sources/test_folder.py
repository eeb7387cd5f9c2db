"""A folder of music: the first folder is the label, the rest is up to the owner."""

import os
import unicodedata

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.music.sources.folder import others_in, read_folder


@pytest.fixture
def music(tmp_path):
    """Make files of these names below a folder."""

    def make(*names):
        for name in names:
            path = tmp_path / "music" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / "music"

    return make


def names(folder):
    return [origin.name for origin in read_folder(folder)]


def test_pieces_are_sorted_and_labelled_by_their_first_folder(music):
    folder = music("Bach/b.mid", "Bach/a.wav", "Adams/z.FLAC", "Adams/Early Works/Op. 1/i.midi")
    rows = [(origin.label, origin.name, origin.title, origin.role) for origin in read_folder(folder)]
    assert rows == [
        ("Adams", "Adams/Early Works/Op. 1/i.midi", "i", "known"),
        ("Adams", "Adams/z.FLAC", "z", "known"),
        ("Bach", "Bach/a.wav", "a", "known"),
        ("Bach", "Bach/b.mid", "b", "known"),
    ]


def test_a_folder_below_the_label_s_is_one_work_and_a_file_in_it_its_own(music):
    folder = music("Bach/a.mid", "Bach/Mass/i.mid", "Bach/Mass/ii.mid", "Bach/Mass/cd 2/iii.mid")
    groups = {origin.name: origin.group for origin in read_folder(folder)}
    assert groups == {
        "Bach/a.mid": "Bach/a.mid",
        "Bach/Mass/i.mid": "Bach/Mass",
        "Bach/Mass/ii.mid": "Bach/Mass",
        "Bach/Mass/cd 2/iii.mid": "Bach/Mass",
    }


def test_a_piece_is_where_it_was_found(music):
    folder = music("Bach/a.mid", "Bach/deep/a.mid")
    assert all(origin.file == folder / origin.name for origin in read_folder(folder))


@pytest.mark.parametrize("suffix", ["mid", "midi", "kar", "wav", "flac", "ogg", "mp3", "aiff", "MID", "Mp3"])
def test_a_music_file_is_known_by_its_suffix(music, suffix):
    assert names(music(f"Bach/a.{suffix}")) == [f"Bach/a.{suffix}"]


@pytest.mark.parametrize(
    "other",
    [
        "Bach/.hidden.mid",
        "Bach/.git/a.mid",
        ".Trash/a.mid",
        "Bach/a.mid.txt",
        "Bach/mid",
        "Bach/cover.jpg",
        "loose.mid",
        "Bach/._a.mid",
    ],
)
def test_what_is_hidden_or_no_music_or_without_a_label_is_left_out(music, other):
    assert names(music("Bach/a.mid", other)) == ["Bach/a.mid"]


def test_names_may_have_any_letters(music):
    folder = music("Dvořák/Größe, op. 1 'x'.mid", "久石譲/夏.mid")
    assert {origin.label for origin in read_folder(folder)} == {"Dvořák", "久石譲"}


def test_folders_that_look_alike_are_one_label(music):
    forms = [unicodedata.normalize(form, "Dvořák") for form in ("NFC", "NFD")]
    folder = music(f"{forms[0]}/a.mid", f"{forms[1]}/b.mid", f"{forms[1]}/op. 1/c.mid", "Bach\u00a0/d.mid")
    assert {origin.label for origin in read_folder(folder)} == {forms[0], "Bach"}
    works = {origin.name: origin.group for origin in read_folder(folder)}
    assert works[f"{forms[1]}/op. 1/c.mid"] == f"{forms[0]}/op. 1"


def test_links_to_files_and_folders_are_followed(music, tmp_path):
    folder = music("Bach/a.mid")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.mid").touch()
    (folder / "Cage").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (folder / "Bach" / "c.mid").symlink_to(tmp_path / "elsewhere" / "b.mid")
    assert names(folder) == ["Bach/a.mid", "Bach/c.mid", "Cage/b.mid"]


def test_a_link_to_the_folder_itself_may_be_given(music, tmp_path):
    folder = music("Bach/a.mid")
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    assert names(tmp_path / "link") == ["Bach/a.mid"]


@pytest.mark.parametrize("target", ["..", ".", "../Adams/../.."])
def test_a_link_back_up_is_not_followed_for_ever(music, target):
    folder = music("Bach/a.mid", "Adams/b.mid")
    (folder / "Bach" / "loop").symlink_to(target, target_is_directory=True)
    assert names(folder) == ["Adams/b.mid", "Bach/a.mid"]


def test_folders_that_link_to_each_other_are_read_once_under_each_label(music):
    folder = music("Bach/a.mid", "Adams/b.mid")
    (folder / "Bach" / "friend").symlink_to("../Adams", target_is_directory=True)
    (folder / "Adams" / "friend").symlink_to("../Bach", target_is_directory=True)
    assert names(folder) == ["Adams/b.mid", "Adams/friend/a.mid", "Bach/a.mid", "Bach/friend/b.mid"]


def test_the_order_of_the_file_system_does_not_matter(music, monkeypatch):
    folder = music(*(f"{label}/{number}.mid" for label in "CAB" for number in (3, 1, 2)))
    expected = names(folder)
    walk = os.walk
    monkeypatch.setattr(
        os,
        "walk",
        lambda *args, **kwargs: reversed([(r, d[::-1], f[::-1]) for r, d, f in walk(*args, **kwargs)]),
    )
    assert names(folder) == expected == sorted(expected)


@pytest.mark.parametrize("files", [(), ("loose.mid",), ("Bach/readme.txt",), ("Bach/.a.mid",)])
def test_a_folder_without_music_says_what_was_expected(music, tmp_path, files):
    (tmp_path / "music").mkdir()
    with pytest.raises(EarmarkError) as caught:
        read_folder(music(*files))
    assert "holds no music: expected" in str(caught.value)
    assert "<label>/<file>" in str(caught.value)


@pytest.mark.parametrize("name", ["nothing", "file.mid"])
def test_what_is_no_folder_is_named(tmp_path, name):
    (tmp_path / "file.mid").touch()
    with pytest.raises(EarmarkError, match=f"{name} is not a folder"):
        read_folder(tmp_path / name)


def test_what_cannot_be_read_is_listed_with_its_reason(music, tmp_path):
    folder = music("Bach/a.mid", "Bach/b.mid")
    (folder / "Bach" / "c.mid").symlink_to("nowhere")
    os.mkfifo(folder / "Bach" / "d.mid")
    (folder / "Bach" / "e.txt").symlink_to("nowhere")  # no music: no word
    (folder / os.fsdecode(b"Caf\xe9")).mkdir()
    (folder / os.fsdecode(b"Caf\xe9") / "f\n.mid").touch()
    assert [(o.label, o.name, o.group, o.title) for o in read_folder(folder) if o.fault] == [
        ("Bach", "Bach/c.mid", "Bach/c.mid", "c"),
        ("Bach", "Bach/d.mid", "Bach/d.mid", "d"),
        (r"Caf\xe9", r"Caf\xe9/f\n.mid", r"Caf\xe9/f\n.mid", r"f\n"),
    ]
    assert [origin.name for origin in read_folder(folder) if not origin.fault] == ["Bach/a.mid", "Bach/b.mid"]


def test_a_label_called_unknown_is_refused(tmp_path):
    for name in ("bach/a.mid", "unknown/b.mid"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(EarmarkError, match=r"unknown/b\.mid: a known label cannot be called unknown"):
        read_folder(tmp_path)


def test_files_without_a_suffix_of_music_are_known_by_their_content(music):
    folder = music("Bach/a", "Bach/b.dat", "Bach/c.txt")
    (folder / "Bach" / "a").write_bytes(b"MThd\0\0\0\6")
    (folder / "Bach" / "b.dat").write_bytes(b"fLaC\0\0\0\x22")
    assert names(folder) == ["Bach/a", "Bach/b.dat"]


def test_other_files_are_counted_by_kind(music):
    folder = music(
        "Bach/a.mid", "Bach/cover.JPG", "Bach/deep/cover.jpg", "Bach/notes", ".hidden/x.txt", "b.wav"
    )
    assert others_in(folder) == {".jpg": 2, "without suffix": 1, "music in no label's folder": 1}
