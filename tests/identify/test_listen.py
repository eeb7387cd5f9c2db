"""What is heard of a file, and what is refused because there is no music in it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from earmark.foundation.errors import EarmarkError, PieceError
from earmark.identify.listen import soundfont_places
from earmark.music.recipe import Recipe
from earmark.music.steady import is_steady
from earmark.store import digest_file

RATE_HZ = 11025


def noise(colour, seconds=8, seed=0):
    white = np.random.default_rng(seed).standard_normal(RATE_HZ * seconds)
    shaped = lfilter([1], [1, -0.98], white) if colour == "brown" else white
    return 0.2 * shaped / np.abs(shaped).max()


@pytest.mark.parametrize("colour", ["white", "brown"])
@pytest.mark.parametrize("seed", range(3))
def test_noise_of_any_colour_is_steady(write_recording, colour, seed):
    assert is_steady(write_recording("noise.wav", noise(colour, seed=seed)))


def test_a_hum_is_steady_and_a_tune_is_not(write_recording, tune):
    time_s = np.arange(8 * RATE_HZ) / RATE_HZ
    assert is_steady(write_recording("hum.wav", 0.3 * np.sin(2 * np.pi * 100 * time_s)))
    assert not is_steady(write_recording("tune.wav", tune))
    assert not is_steady(write_recording("noisy.wav", tune + 0.02 * noise("white")[: len(tune)]))


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        (np.zeros(8 * RATE_HZ), "silent"),
        (noise("white"), "steady noise"),
        (noise("white")[: 2 * RATE_HZ], r"lasts 2\.0 s, and this model listens to 3 s at a time"),
    ],
)
def test_what_is_no_music_is_said_in_one_line(identifier, write_recording, samples, said):
    with pytest.raises(PieceError, match=said):
        identifier.recipe.hear(write_recording("a.wav", samples))


def test_files_that_cannot_be_heard_have_their_reason(identifier, tmp_path):
    for name, content, said in (
        ("lost.wav", None, "there is no such file"),
        ("broken.wav", b"RIFFxxxx", "cannot be read as audio"),
        ("broken.mid", b"MThd", "MIDI"),
        ("text.txt", b"hello", "cannot be read as audio"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(PieceError, match=said):
            identifier.recipe.hear(tmp_path / name)


def test_without_ffmpeg_an_m4a_says_what_is_missing(identifier, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    (tmp_path / "a.m4a").write_bytes(b"x")
    with pytest.raises(PieceError, match="install ffmpeg"):
        identifier.recipe.hear(tmp_path / "a.m4a")


def test_what_ffmpeg_decodes_is_heard(identifier, tmp_path, write_recording, tune, monkeypatch):
    """A program in ffmpeg's place that copies: what goes in and comes out is ours to check."""
    copier = tmp_path / "ffmpeg"
    copier.write_text(
        '#!/bin/sh\nfor last; do :; done\nwhile [ "$1" != -i ]; do shift; done\ncp "${2#file:}" "$last"\n'
    )
    copier.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: str(copier))
    wav = write_recording("a.wav", tune)
    (tmp_path / "a.m4a").write_bytes(wav.read_bytes())
    assert np.array_equal(identifier.recipe.hear(tmp_path / "a.m4a"), identifier.recipe.hear(wav))


def test_a_midi_file_is_played_as_the_bundle_says(identifier, melody, tmp_path):
    recipe = identifier.recipe
    recipe.wav(melody, tmp_path / "one.wav")
    softer = replace(recipe.settings, render=replace(recipe.settings.render, gain=0.2))
    Recipe(softer, [tmp_path]).wav(melody, tmp_path / "other.wav")
    assert (tmp_path / "one.wav").read_bytes() != (tmp_path / "other.wav").read_bytes()


@pytest.fixture
def fonts(tmp_path, monkeypatch, small_bundle):
    """A checkout with a soundfont, a bundle in it and one elsewhere; the settings of both."""
    font = tmp_path / "checkout" / "fonts" / "organ.sf2"
    for folder in ("checkout/fonts", "checkout/conf", "checkout/models", "elsewhere", "nowhere"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "checkout" / "dvc.yaml").touch()
    font.write_bytes(b"RIFF\x04\0\0\0sfbk")
    monkeypatch.chdir(tmp_path / "nowhere")
    settings = small_bundle.hearing
    render = replace(settings.render, soundfont="fonts/organ.sf2")
    return replace(settings, render=render, soundfont_sha256=digest_file(font))


def soundfont_of(settings, base):
    """The soundfont that a bundle in the folder `base` plays MIDI with."""
    return Recipe(settings, soundfont_places(base)).soundfont


def test_a_soundfont_of_the_checkout_is_found_by_bundles_in_it_and_by_us_in_it(fonts, tmp_path, monkeypatch):
    font = tmp_path / "checkout" / "fonts" / "organ.sf2"
    assert soundfont_of(fonts, tmp_path / "checkout" / "models") == font
    copy = tmp_path / "elsewhere"
    with pytest.raises(EarmarkError, match=f"its soundfont is needed at {copy / 'fonts' / 'organ.sf2'}"):
        soundfont_of(fonts, copy)
    monkeypatch.chdir(font.parent)
    assert soundfont_of(fonts, copy) == font


def test_a_soundfont_with_the_bundle_counts_and_no_other_one_does(fonts, tmp_path):
    font = tmp_path / "elsewhere" / "fonts" / "organ.sf2"
    font.parent.mkdir()
    font.write_bytes(b"RIFF\x05\0\0\0sfbk ")
    with pytest.raises(
        EarmarkError, match=r"organ.sf2 is not the one that this model learned with \(sha256 "
    ):
        soundfont_of(fonts, tmp_path / "elsewhere")
    older = replace(fonts, soundfont_sha256="")  # a bundle that did not note which it was
    assert soundfont_of(older, tmp_path / "elsewhere") == font


def test_what_is_not_what_its_suffix_promises_is_not_said_to_be_missing(identifier, tmp_path):
    (tmp_path / "text.mp3").write_text("hello " * 1000)
    with pytest.raises(PieceError, match=r"cannot be read as audio: it is no \.mp3$"):
        identifier.recipe.hear(tmp_path / "text.mp3")
