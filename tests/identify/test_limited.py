"""An identifier under limits gives the same verdicts, and refuses what is over them."""

from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from earmark.features.ear import hearing
from earmark.features.frames import frame_blocks
from earmark.features.mel import LogMel
from earmark.foundation.deadline import Deadline, DeadlineError, working_until
from earmark.identify.identifier import Identifier
from earmark.identify.inputs import Target
from earmark.identify.limited import LimitedIdentifier
from earmark.identify.limits import Limits, OverLimitError
from earmark.music.recordings.audio import blocks_of

RATE_HZ = 8000


@pytest.fixture(scope="module")
def identifier(small_bundle, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    small_bundle.save(folder)
    return Identifier.load(folder)


@pytest.fixture(scope="module")
def tune(tmp_path_factory):
    """Forty notes of a quarter second: 10 s, 80 events."""
    track = mido.MidiTrack()
    for step in np.random.default_rng(0).integers(12, size=40):
        track.append(mido.Message("note_on", note=50 + 2 * int(step), velocity=90, time=0))
        track.append(mido.Message("note_off", note=50 + 2 * int(step), velocity=0, time=240))
    path = tmp_path_factory.mktemp("music") / "tune.mid"
    mido.MidiFile(type=0, ticks_per_beat=480, tracks=[track]).save(path)
    return path


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Twelve seconds of sines."""
    time_s = np.arange(12 * RATE_HZ) / RATE_HZ
    hz = 220 * 2 ** (np.floor(4 * time_s) * 5 % 12 / 12)
    path = tmp_path_factory.mktemp("sound") / "sines.wav"
    soundfile.write(path, 0.4 * np.sin(2 * np.pi * np.cumsum(hz) / RATE_HZ), RATE_HZ)
    return path


def cut_after(identifier, max_s):
    """The identifier with another length of what it hears; 0 for no limit."""
    other = Identifier(identifier.bundle, Path())
    render = replace(identifier.recipe.settings.render, max_seconds=max_s)
    other.recipe = replace(identifier.recipe, settings=replace(identifier.recipe.settings, render=render))
    return other


@pytest.mark.parametrize("kind", ["tune", "sound"])
def test_within_the_limits_the_verdict_is_the_identifiers(identifier, kind, request):
    file = request.getfixturevalue(kind)
    limited = LimitedIdentifier(identifier, Limits(max_midi_events=80, max_sound_s=12))
    with limited.at_work(Deadline(60)):
        ours = limited.identify(Target("a", file))
    assert ours.as_dict() == identifier.identify(Target("a", file)).as_dict()
    assert not ours.error


@pytest.mark.parametrize(
    ("kind", "limits", "message"),
    [
        ("tune", {"max_midi_events": 79}, "more than the 79 MIDI events"),
        ("tune", {"max_midi_events": 10}, r"a MIDI file of \d+ bytes is larger than 10 events are"),
        ("tune", {"max_sound_s": 9}, "lasts 10 s, more than the 9 s"),
        ("tune", {"max_bytes": 100}, "more than the 100 bytes"),
        ("sound", {"max_sound_s": 11.9}, "lasts 12 s"),
        ("sound", {"max_bytes": 1000}, "more than the 1,000 bytes"),
    ],
)
def test_what_is_over_a_limit_is_refused(identifier, kind, limits, message, request):
    limited = LimitedIdentifier(identifier, Limits(**limits))
    with pytest.raises(OverLimitError, match=message):
        limited.identify(Target("a", request.getfixturevalue(kind)))


def test_who_listens_to_the_beginning_only_takes_longer_files(identifier, sound):
    limited = LimitedIdentifier(cut_after(identifier, 5.0), Limits(max_sound_s=6))
    assert not limited.identify(Target("a", sound)).error


def test_what_lasts_longer_than_its_header_says_is_cut(identifier, sound, tmp_path, monkeypatch):
    monkeypatch.setattr("earmark.identify.limited.expected", lambda *_: None)
    limited = LimitedIdentifier(cut_after(identifier, 0.0), Limits(max_sound_s=5))
    assert limited.identifier.recipe.max_s == 5
    limited.identifier.recipe.wav(sound, tmp_path / "heard.wav")
    assert soundfile.info(tmp_path / "heard.wav").duration == pytest.approx(5, abs=0.01)


def test_what_is_no_music_has_its_own_error(identifier, tmp_path):
    bad = tmp_path / "bad.mid"
    bad.write_bytes(b"MThd")
    limited = LimitedIdentifier(identifier, Limits())
    assert limited.identify(Target("bad", bad)).error == "MIDI header is cut short"
    assert limited.identify(Target("none", tmp_path / "none")).error == "there is no such file"


def test_warming_up_identifies_music(identifier, monkeypatch):
    limited = LimitedIdentifier(identifier, Limits())
    verdicts = []
    identify = limited.identifier.identify_array
    monkeypatch.setattr(limited.identifier, "identify_array", lambda *of: verdicts.append(identify(*of)))
    limited.warm_up()
    assert [verdict.error for verdict in verdicts] == [""]


def in_frames(waveform):
    import torch

    return list(frame_blocks(torch.from_numpy(waveform[0]), 64, 32))


@pytest.mark.parametrize(
    "work",
    [
        lambda file, recipe: next(blocks_of(file)[1]),
        lambda file, recipe: recipe.wav(file.with_name("tune.mid"), file.with_name("out.wav")),
        lambda file, recipe: hearing.hear(np.zeros(22_050, np.float32), correct_tuning=False),
        lambda file, recipe: LogMel(n_mels=16)(np.ones((1, 8000), np.float32), 8000),
        lambda file, recipe: in_frames(np.zeros((1, 8000), np.float32)),
    ],
    ids=["decode", "play", "ear", "mel", "frames"],
)
def test_each_loop_over_blocks_stops_at_the_deadline(work, identifier, sound, tune, tmp_path):
    file = tmp_path / "sines.wav"
    file.write_bytes(sound.read_bytes())
    (tmp_path / "tune.mid").write_bytes(tune.read_bytes())
    work(file, identifier.recipe)
    deadline = Deadline(60)
    with working_until(deadline):
        work(file, identifier.recipe)
        deadline.cancel()
        with pytest.raises(DeadlineError):
            work(file, identifier.recipe)
