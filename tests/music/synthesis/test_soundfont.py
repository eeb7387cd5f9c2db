"""Which soundfont plays, and whether it can."""

import hashlib

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.music.synthesis import soundfont
from earmark.music.synthesis.soundfont import DEFAULT, VERSIONS, sound_alike, soundfont_digest, soundfont_path

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


def test_the_default_has_a_digest_that_is_known(tmp_path):
    assert soundfont_digest(soundfont_path("", tmp_path)) in VERSIONS


def test_versions_of_the_default_sound_alike_and_no_others():
    one, other = sorted(VERSIONS)
    assert sound_alike(one, other)
    assert sound_alike("a" * 64, "a" * 64)
    assert not sound_alike(one, "a" * 64)
    assert not sound_alike("b" * 64, "a" * 64)


def test_without_pretty_midi_the_default_is_the_system_s(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    there = tmp_path / "system" / DEFAULT
    there.parent.mkdir()
    there.write_bytes(HEADER)
    monkeypatch.setattr(soundfont, "SYSTEM_FOLDERS", (tmp_path / "absent", there.parent))
    assert soundfont_path("", tmp_path) == there


def test_without_any_default_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(soundfont, "SYSTEM_FOLDERS", (tmp_path / "absent",))
    with pytest.raises(EarmarkError, match=r"apt-get install timgm6mb-soundfont, or pip install pretty_midi"):
        soundfont_path("", tmp_path)
