"""Where the soundfont of a bundle is looked for."""

from dataclasses import replace

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.identify.listen import soundfont_places
from earmark.music.recipe import Recipe
from earmark.store import digest_file


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
