"""Files are heard by a bundle's recipe, which finds the bundle's soundfont."""

from dataclasses import replace

import numpy as np
import pytest

from earmark.foundation.errors import EarmarkError
from earmark.identify.inputs import Target
from earmark.identify.listen import hear, hear_all, soundfont_places
from earmark.music.recipe import Recipe
from earmark.store import digest_file


def test_a_file_has_its_features_or_its_reason(identifier, melody, tmp_path):
    recipe, target = identifier.recipe, Target("a melody", melody)
    heard = hear(recipe, target)
    assert (heard.target, heard.error) == (target, "")
    assert np.array_equal(heard.features, recipe.hear(melody))
    lost = hear(recipe, Target("lost", tmp_path / "lost.mid"))
    assert (lost.features, lost.error) == (None, "there is no such file")


def test_what_is_not_heard_of_a_file_is_told(identifier, melody, tmp_path):
    assert hear(identifier.recipe, Target("a melody", melody)).warning == ""
    damaged = tmp_path / "damaged.mid"
    lost = b"\x00\x90\x45\x64\x60\x80\x45\x40\x00\xff\x2f\x00"
    damaged.write_bytes(melody.read_bytes() + b"MTrk\x00\x00\x00\x10\x00\xff\x2f\x00" + lost)
    heard = hear(identifier.recipe, Target("damaged", damaged))
    assert heard.warning.endswith("has 12 bytes after its end, which are not played")
    assert heard.features is not None
    assert np.array_equal(heard.features, identifier.recipe.hear(melody))
    warning = identifier.identify(damaged).warning
    assert warning.startswith(heard.warning)
    assert warning.count(heard.warning) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_many_files_are_heard_in_their_order(identifier, melody, tmp_path, workers):
    targets = [Target("one", melody), Target("lost", tmp_path / "lost.mid"), Target("two", melody)]
    files = list(hear_all(identifier.recipe, targets, workers))
    assert [file.target for file in files] == targets
    assert [bool(file.error) for file in files] == [False, True, False]


def test_what_concerns_every_file_ends_the_run(identifier, melody, monkeypatch):
    def fail(self, file):
        raise EarmarkError("FluidSynth is missing")

    monkeypatch.setattr(Recipe, "listen", fail)
    with pytest.raises(EarmarkError, match="FluidSynth is missing"):
        list(hear_all(identifier.recipe, [Target("one", melody)], workers=1))


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
