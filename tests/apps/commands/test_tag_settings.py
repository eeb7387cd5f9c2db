"""Settings in a file, and options that may stand without a value."""

import pytest

from earmark.apps.commands.tag_settings import completed, read_settings
from earmark.foundation.errors import EarmarkError


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Music --key", "Music --key key"),
        ("Music --key --genre --write", "Music --key key --genre genre --write"),
        ("Music --composer models/ --write", "Music --composer models/ --write"),
        ("Music --key=keys/", "Music --key=keys/"),
        ("Music key --write", "Music key --write"),
        ("--undo log.jsonl", "--undo log.jsonl"),
    ],
)
def test_without_a_value_they_mean_the_bundle_of_their_name(typed, meant):
    assert completed(typed.split(), {}) == meant.split()


def test_or_the_bundle_of_the_file():
    settings = {"key": "my/keys", "genre": ""}
    assert completed(["Music", "--key", "--genre"], settings) == [
        "Music",
        "--key",
        "my/keys",
        "--genre",
        "genre",
    ]
    assert completed(["Music", "--key", "others"], settings) == ["Music", "--key", "others"]


def test_what_a_file_says(tmp_path):
    file = tmp_path / "tag.toml"
    assert read_settings(file) == {}
    lines = ("key = true", 'genre = "my/genres"', "composer = false", 'key_notation = "camelot"')
    file.write_text("\n".join((*lines, "genres = 2", "bpm = true")))
    assert read_settings(file) == {
        "key": "key",
        "genre": "my/genres",
        "composer": "",
        "key-notation": "camelot",
        "genres": 2,
        "bpm": True,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("write = true", "write is no setting of earmark tag: composer, genre"),
        ("genres = true", "genres must be a whole number"),
        ('bpm = "yes"', "bpm must be true or false"),
        ("strictness = 1", "strictness must be a text in quotes"),
        ("key = ", "cannot be read: "),
        ("[tag]", "tag is no setting"),
    ],
)
def test_what_it_must_not_say(tmp_path, text, message):
    file = tmp_path / "tag.toml"
    file.write_text(text)
    with pytest.raises(EarmarkError, match=message) as caught:
        read_settings(file)
    assert str(caught.value).startswith(f"{file}")
    assert "\n" not in str(caught.value)
