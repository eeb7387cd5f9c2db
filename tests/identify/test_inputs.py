"""Files, folders, globs and standard input."""

import io
import sys

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.identify.inputs import find_targets


@pytest.fixture
def library(tmp_path):
    for name in ("a/one.mid", "a/b/two.MP3", "a/cover.jpg", "a/.hidden.wav", "three.flac"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def names(targets, base):
    return [target.file.relative_to(base).as_posix() for target in targets]


def test_a_folder_is_all_the_music_below_it(library):
    assert names(find_targets([str(library)], library), library) == ["a/b/two.MP3", "a/one.mid", "three.flac"]


def test_a_file_of_a_folder_is_known_by_its_path_below_it(library):
    folder, file = find_targets([str(library / "a")], library), str(library / "a/one.mid")
    assert [target.within for target in folder] == ["b/two.MP3", "one.mid"]
    assert [target.within for target in find_targets([file, f"{library}/*.flac"], library)] == ["", ""]


def test_a_file_is_taken_whatever_it_is_called_there_or_not(library):
    targets = find_targets([str(library / "a/cover.jpg"), str(library / "lost.wav")], library)
    assert names(targets, library) == ["a/cover.jpg", "lost.wav"]


def test_a_glob_that_the_shell_left_alone_is_followed(library):
    assert names(find_targets([f"{library}/a/**/*.[mM]*"], library), library) == ["a/b/two.MP3", "a/one.mid"]


def test_a_file_whose_name_looks_like_a_glob_is_a_file(library):
    (library / "a[1].mid").write_bytes(b"x")
    assert names(find_targets([str(library / "a[1].mid")], library), library) == ["a[1].mid"]


def test_nothing_to_hear_is_said(library):
    (library / "empty").mkdir()
    with pytest.raises(EarmarkError, match="no music in"):
        find_targets([str(library / "empty")], library)
    with pytest.raises(EarmarkError, match="no music in"):
        find_targets([str(library / "*.nothing")], library)


def test_standard_input_is_known_by_its_first_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"MThd\x00")))
    (target,) = find_targets(["-"], tmp_path)
    assert (target.name, target.file.name, target.file.read_bytes()) == ("-", "stdin.mid", b"MThd\x00")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(EarmarkError, match="standard input is empty"):
        find_targets(["-"], tmp_path)
