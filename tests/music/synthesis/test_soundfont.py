"""Which soundfont plays, and whether it can."""

import hashlib

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.music.synthesis.soundfont import DEFAULT, soundfont_digest, soundfont_path

HEADER = b"RIFF\x00\x00\x00\x00sfbk"


@pytest.mark.parametrize("name", ["", DEFAULT])
def test_the_default_is_the_one_that_pretty_midi_ships(tmp_path, name):
    path = soundfont_path(name, tmp_path)
    assert (path.name, path.parent.name) == ("TimGM6mb.sf2", "pretty_midi")
    assert path.stat().st_size > 5_000_000


def test_a_relative_path_starts_at_the_base_and_an_absolute_one_at_the_root(tmp_path, monkeypatch):
    font = tmp_path / "fonts" / "organ.sf2"
    font.parent.mkdir()
    font.write_bytes(HEADER + b"data")
    monkeypatch.setenv("HOME", str(font.parent))
    assert soundfont_path("fonts/organ.sf2", tmp_path) == font
    assert soundfont_path(str(font), tmp_path / "elsewhere") == font
    assert soundfont_path("~/organ.sf2", tmp_path / "elsewhere") == font


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory; set render.soundfont to a readable .sf2 file"),
        (b"", "is not a SoundFont file: set render.soundfont to an .sf2 or .sf3"),
        (HEADER[:11], "is not a SoundFont file"),
        (b"RIFF\x00\x00\x00\x00WAVE", "is not a SoundFont file"),
        (b"a soundfont, really", "is not a SoundFont file"),
    ],
)
def test_what_cannot_play_is_named_in_one_line(tmp_path, content, reason):
    if content is not None:
        (tmp_path / "font.sf2").write_bytes(content)
    with pytest.raises(EarmarkError) as caught:
        soundfont_path("font.sf2", tmp_path)
    assert f"soundfont {tmp_path / 'font.sf2'}" in str(caught.value)
    assert reason in str(caught.value)


def test_a_folder_is_no_soundfont(tmp_path):
    with pytest.raises(EarmarkError, match="Is a directory"):
        soundfont_path(str(tmp_path), tmp_path)


def test_the_digest_is_that_of_the_bytes(tmp_path):
    (tmp_path / "font.sf2").write_bytes(HEADER)
    assert soundfont_digest(tmp_path / "font.sf2") == hashlib.sha256(HEADER).hexdigest()


def test_without_pretty_midi_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        EarmarkError, match="pretty_midi, which ships the default soundfont, is not installed"
    ):
        soundfont_path("", tmp_path)
