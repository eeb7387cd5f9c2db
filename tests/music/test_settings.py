"""Settings of how music becomes features, as a bundle keeps them."""

import json
from dataclasses import replace

import pytest

from earmark.music.settings import SILENCE_DB, HearingSettings


def test_settings_come_back_from_the_json_of_their_sections(hearing):
    changed = replace(hearing, silence_db=-50.0, soundfont_sha256="ab" * 32)
    for settings in (hearing, changed):
        assert HearingSettings.of_sections(json.loads(json.dumps(settings.sections()))) == settings


def test_sections_of_older_bundles_have_defaults(hearing):
    sections = hearing.sections()
    del sections["validate"]
    del sections["render"]["soundfont_sha256"]
    read = HearingSettings.of_sections(sections)
    assert (read.silence_db, read.soundfont_sha256) == (SILENCE_DB, "")
    assert read == hearing


def test_sections_may_lie_among_others_and_are_not_changed(hearing):
    sections = {**hearing.sections(), "model": {"_target_": "x"}}
    before = json.dumps(sections)
    assert HearingSettings.of_sections(sections) == hearing
    assert json.dumps(sections) == before


@pytest.mark.parametrize("section", ["midi", "render", "audio", "features", "dataset"])
def test_a_missing_section_is_a_key_error(hearing, section):
    sections = hearing.sections()
    del sections[section]
    with pytest.raises(KeyError, match=section):
        HearingSettings.of_sections(sections)


@pytest.mark.parametrize("section", ["midi", "render", "audio", "dataset"])
def test_a_setting_too_many_is_a_type_error(hearing, section):
    sections = hearing.sections()
    sections[section]["colour"] = "blue"
    with pytest.raises(TypeError, match="colour"):
        HearingSettings.of_sections(sections)


@pytest.mark.parametrize(("section", "name"), [("midi", "tempo"), ("render", "gain"), ("audio", "channels")])
def test_a_setting_too_few_is_a_type_error(hearing, section, name):
    sections = hearing.sections()
    del sections[section][name]
    with pytest.raises(TypeError, match=name):
        HearingSettings.of_sections(sections)
