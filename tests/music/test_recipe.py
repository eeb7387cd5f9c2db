"""The recipe: from a file to features, what it refuses, and the keys of what it makes."""

import os
import shutil
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.features.mel import LogMel
from earmark.foundation import libraries
from earmark.foundation.errors import EarmarkError, PieceError
from earmark.music.clip_geometry import ClipGeometry
from earmark.music.extract import features_of
from earmark.music.midi.arrange import Tempo
from earmark.music.recipe import Recipe
from earmark.music.recordings.audio import Format
from earmark.music.recordings.decode import decode
from earmark.music.settings import ClipSettings
from earmark.music.synthesis.piece import render_piece
from earmark.music.synthesis.soundfont import soundfont_digest, soundfont_path
from earmark.music.synthesis.synth import Synthesis
from earmark.store.digest import digest_file

RATE_HZ = 8_000


@pytest.fixture
def recipe(hearing, tmp_path):
    return Recipe(hearing, [tmp_path])


@pytest.fixture
def melody(write_midi, note):
    """Twelve notes in 6 s."""
    return write_midi([event for i in range(12) for event in note(480 * i, 480 * i + 400, 60 + 5 * i % 12)])


@pytest.fixture
def recording(tone, write_sound):
    """Notes of half a second, 6 s in stereo at 22,050 Hz."""
    notes = [
        tone(220 * 2 ** (5 * i % 12 / 12), 22_050, 0.5) * np.linspace(1, 0, 11_025)[:, None]
        for i in range(12)
    ]
    return write_sound(np.repeat(np.concatenate(notes), 2, axis=1), 22_050, "recording.flac")


def test_midi_is_rendered_by_the_settings(recipe, melody, tmp_path):
    recipe.wav(melody, tmp_path / "recipe.wav")
    synthesis = Synthesis(soundfont_path("", Path()), 16_000, 0.6, tail_s=0.5, max_s=20.0)
    render_piece(melody, Tempo("original", 4.0), "original", synthesis, Format(RATE_HZ, 1), tmp_path / "wav")
    assert (tmp_path / "recipe.wav").read_bytes() == (tmp_path / "wav").read_bytes()


def test_a_recording_is_decoded_by_the_settings(hearing, recording, tmp_path):
    recipe = Recipe(replace(hearing, render=replace(hearing.render, max_seconds=4.0)), [tmp_path])
    recipe.wav(recording, tmp_path / "recipe.wav")
    decode(recording, Format(RATE_HZ, 1), 4.0, tmp_path / "decoded.wav")
    assert (tmp_path / "recipe.wav").read_bytes() == (tmp_path / "decoded.wav").read_bytes()
    assert soundfile.info(tmp_path / "recipe.wav").duration == pytest.approx(4, abs=1e-3)


@pytest.mark.parametrize("source", ["melody", "recording"])
def test_features_of_a_file_are_those_of_its_wav(recipe, source, request, tmp_path):
    file = request.getfixturevalue(source)
    recipe.wav(file, tmp_path / "recipe.wav")
    front_end = LogMel(n_fft=1024, win_length=1024, hop_length=512, n_mels=16, f_max_hz=4_000.0)
    expected = features_of(tmp_path / "recipe.wav", front_end)
    np.testing.assert_array_equal(recipe.features(tmp_path / "recipe.wav"), expected)
    np.testing.assert_array_equal(recipe.hear(file), expected)
    assert expected.shape[:2] == (1, 16)


def test_clips_are_those_of_the_front_end_s_frames(recipe):
    rate_hz = RATE_HZ / 512
    assert recipe.clips == ClipGeometry.of(recipe.settings.dataset, rate_hz)
    assert recipe.clips.frames == round(3 * rate_hz)


def test_what_ffmpeg_decodes_gives_the_features_of_its_wav(recipe, recording, tmp_path, monkeypatch):
    """A program in ffmpeg's place that copies."""
    copier = tmp_path / "ffmpeg"
    copier.write_text(
        '#!/bin/sh\nfor last; do :; done\nwhile [ "$1" != -i ]; do shift; done\ncp "${2#file:}" "$last"\n'
    )
    copier.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: str(copier))
    shutil.copy(recording, tmp_path / "a.M4A")
    np.testing.assert_array_equal(recipe.hear(tmp_path / "a.M4A"), recipe.hear(recording))


def noise(seconds):
    return 0.1 * np.random.default_rng(0).standard_normal(seconds * RATE_HZ)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(8 * RATE_HZ), "silent: there is nothing to hear"),
        (1e-5 * noise(8), "silent: there is nothing to hear"),
        (noise(8), "steady noise or a hum"),
        (noise(2), r"lasts 2\.0 s, and this model needs 2\.7 s or more"),
    ],
    ids=["silence", "almost silence", "noise", "too short"],
)
def test_what_is_no_music_is_refused_with_its_reason(recipe, write_sound, samples, reason):
    with pytest.raises(PieceError, match=reason) as caught:
        recipe.hear(write_sound(samples, RATE_HZ))
    assert "\n" not in str(caught.value)


def test_the_level_of_silence_and_the_length_of_clips_are_settings(hearing, recording, tmp_path):
    loud = Recipe(replace(hearing, silence_db=0.0), [tmp_path])
    with pytest.raises(PieceError, match="silent"):
        loud.hear(recording)
    long = Recipe(replace(hearing, dataset=ClipSettings(clip_s=7.0)), [tmp_path])
    with pytest.raises(PieceError, match=r"lasts 6\.0 s, and this model needs 6\.3 s or more"):
        long.hear(recording)
    almost = Recipe(replace(hearing, dataset=ClipSettings(clip_s=6.6)), [tmp_path])
    assert almost.hear(recording).shape[0] == 1  # 0.9 of a clip is enough


def test_a_wav_with_values_that_are_not_numbers_is_no_music(recipe, write_sound):
    with pytest.raises(PieceError, match="not numbers"):
        recipe.check_music(write_sound(np.full(8 * RATE_HZ, np.nan), RATE_HZ, subtype="FLOAT"))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("lost.wav", None, "^there is no such file$"),
        ("broken.wav", b"RIFFxxxx", "^cannot be read as audio: "),
        ("broken.mid", b"MThd", "MIDI header is cut short"),
        ("text.txt", b"hello", "^cannot be read as audio: "),
        ("text.mp3", b"hello " * 1000, "^cannot be read as audio: there are no frames of MPEG audio in it$"),
    ],
)
def test_files_that_cannot_be_played_have_their_reason(recipe, tmp_path, name, content, reason):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(PieceError, match=reason):
        recipe.hear(tmp_path / name)


def test_what_is_no_file_is_told_without_waiting_for_it(recipe, tmp_path):
    os.mkfifo(tmp_path / "pipe.mid")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    (tmp_path / "circle.mid").symlink_to("circle.mid")
    for name, reason in (
        *(("pipe.mid", "is not a file but a pipe"), ("zero.wav", "is not a file but a device")),
        *(("circle.mid", "the link leads back to itself"), (f"{'x' * 300}.mid", "there is no such file")),
    ):
        with pytest.raises(PieceError, match=reason):
            recipe.hear(tmp_path / name)


def test_a_front_end_that_does_not_exist_is_named(hearing, tmp_path):
    with pytest.raises(EarmarkError, match="features"):
        _ = Recipe(
            replace(hearing, features={"_target_": "earmark.features.mel.NoSuch"}), [tmp_path]
        ).front_end


# What each setting changes: the sound of MIDI, that of recordings, or features. None: nothing of these.
CHANGES = {
    "midi.max_events": (100_000, set()),
    "midi.tempo": ("normalised", {"midi"}),
    "midi.onset_rate_hz": (5.0, {"midi"}),
    "render.instruments": ("piano", {"midi"}),
    "render.soundfont": ("other.sf2", {"midi"}),
    "render.synth_rate": (22_050, {"midi"}),
    "render.gain": (0.5, {"midi"}),
    "render.reverb": (True, {"midi"}),
    "render.chorus": (True, {"midi"}),
    "render.tail_s": (1.0, {"midi"}),
    "render.max_seconds": (30.0, {"midi", "audio"}),
    "audio.sample_rate": (11_025, {"midi", "audio"}),
    "audio.channels": (2, {"midi", "audio"}),
    "features": ({"_target_": "earmark.features.mel.LogMel", "n_mels": 20}, {"features"}),
    "dataset": (ClipSettings(clip_s=5.0, max_gain_db=6.0), set()),
    "silence_db": (-40.0, set()),
    "soundfont_sha256": (None, set()),
}


def keys(recipe):
    return {
        "midi": recipe.wav_key("midi"),
        "audio": recipe.wav_key("audio"),
        "features": recipe.features_key(),
    }


def test_every_setting_is_in_the_table_of_changes(hearing):
    names = set()
    for field in fields(hearing):
        section = getattr(hearing, field.name)
        inner = fields(section) if is_dataclass(section) and field.name != "dataset" else ()
        names |= {f"{field.name}.{one.name}" for one in inner} or {field.name}
    assert names == set(CHANGES)


@pytest.mark.parametrize("name", CHANGES)
def test_a_setting_changes_the_keys_of_what_it_changes_and_no_other(hearing, tmp_path, name):
    value, changed = CHANGES[name]
    default = soundfont_path("", Path())
    (tmp_path / "other.sf2").write_bytes(b"RIFF\x04\0\0\0sfbk")
    if name == "soundfont_sha256":
        value = soundfont_digest(default)
    section, _, inner = name.partition(".")
    if inner:
        value = replace(getattr(hearing, section), **{inner: value})
    before, after = (
        keys(Recipe(hearing, [tmp_path])),
        keys(Recipe(replace(hearing, **{section: value}), [tmp_path])),
    )
    assert {kind for kind in before if before[kind] != after[kind]} == changed


@pytest.mark.parametrize(
    ("package", "changed"),
    [
        ("soxr", {"midi", "audio"}),
        ("numpy", {"midi", "audio", "features"}),
        ("soundfile", {"audio"}),
    ],
)
def test_a_library_s_version_is_in_the_keys_of_what_it_makes(
    hearing, tmp_path, monkeypatch, package, changed
):
    recipe = Recipe(hearing, [tmp_path])
    before = keys(recipe)
    asked = libraries.version
    monkeypatch.setattr(libraries, "version", lambda name: "0" if name == package else asked(name))
    libraries.library_versions.cache_clear()
    after = keys(recipe)
    libraries.library_versions.cache_clear()
    assert {kind for kind in before if before[kind] != after[kind]} == changed


EAR = {"_target_": "earmark.features.notes.HeardNotes"}
MEL = {"_target_": "earmark.features.mel.LogMel"}


@pytest.mark.parametrize(
    ("features", "depends"),
    [
        (MEL, False),
        (EAR, True),
        ({"_target_": "earmark.features.stacked.Stacked", "parts": [MEL, MEL]}, False),
        ({"_target_": "earmark.features.stacked.Stacked", "parts": [MEL, EAR]}, True),
    ],
)
def test_what_the_ear_hears_is_kept_by_kind_of_processor(hearing, tmp_path, features, depends):
    key = Recipe(replace(hearing, features=features), [tmp_path]).features_key()
    assert bool(key["processor"]) == depends
    assert ("onnxruntime" in key["libraries"]) == depends
    assert key["processor"] in ("", libraries.processor_kernel())


def test_a_soundfont_s_bytes_count_in_the_key_and_its_path_does_not(hearing, tmp_path):
    shutil.copy(soundfont_path("", Path()), tmp_path / "copy.sf2")
    copied = replace(hearing, render=replace(hearing.render, soundfont="copy.sf2"))
    assert Recipe(copied, [tmp_path]).wav_key("midi") == Recipe(hearing, [tmp_path]).wav_key("midi")


@pytest.fixture
def organ(hearing, tmp_path):
    """Settings with a soundfont at fonts/organ.sf2, its digest, and two folders: the second has it."""
    font = tmp_path / "second" / "fonts" / "organ.sf2"
    for folder in ("first", "second/fonts"):
        (tmp_path / folder).mkdir(parents=True)
    font.write_bytes(b"RIFF\x04\0\0\0sfbk")
    render = replace(hearing.render, soundfont="fonts/organ.sf2")
    settings = replace(hearing, render=render, soundfont_sha256=digest_file(font))
    return settings, [tmp_path / "first", tmp_path / "second"], font


def test_a_soundfont_is_looked_for_in_every_place(organ):
    settings, places, font = organ
    assert Recipe(settings, places).soundfont == font
    with pytest.raises(EarmarkError, match=f"its soundfont is needed at {places[0] / 'fonts' / 'organ.sf2'}"):
        _ = Recipe(settings, places[:1]).soundfont
    with pytest.raises(EarmarkError, match=r"set render\.soundfont to a readable \.sf2 file"):
        _ = Recipe(replace(settings, soundfont_sha256=""), places[:1]).soundfont


def test_the_first_place_counts_and_another_soundfont_there_is_refused(organ):
    settings, places, _ = organ
    other = places[0] / "fonts" / "organ.sf2"
    other.parent.mkdir()
    other.write_bytes(b"RIFF\x05\0\0\0sfbk ")
    with pytest.raises(
        EarmarkError, match=r"organ.sf2 is not the one that this model learned with \(sha256 "
    ):
        _ = Recipe(settings, places).soundfont
    assert Recipe(replace(settings, soundfont_sha256=""), places).soundfont == other


def test_lasting_settings_state_the_digest_where_a_soundfont_is_at_hand(organ):
    settings, places, _ = organ
    without = replace(settings, soundfont_sha256="")
    assert Recipe(without, places).lasting_settings() == settings
    assert Recipe(without, places[:1]).lasting_settings() == without


def test_recordings_need_no_soundfont(organ, recording):
    settings, places, _ = organ
    recipe = Recipe(settings, places[:1])
    assert recipe.hear(recording).shape[:2] == (1, 16)
    assert recipe.wav_key("audio")
