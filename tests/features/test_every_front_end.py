"""What every front end of conf/features/ promises to stages, store and networks."""

import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from earmark.foundation.targets import build, kind_of
from earmark.pipeline.settings.config import compose

CONF = Path(__file__).parents[2] / "conf"
NAMES = sorted(path.stem for path in (CONF / "features").glob("*.yaml"))
RATE_HZ = 22_050

each = pytest.mark.parametrize("name", NAMES)


@cache
def node_of(name):
    return compose(CONF, [f"features={name}"]).features


def front_end_of(name):
    return build(node_of(name), "features")


@pytest.fixture
def stereo():
    """Noise that swells: (channels, samples)."""
    rng = np.random.default_rng(0)
    return (rng.normal(0, 0.1, (2, 110_250)) * np.linspace(0.1, 1, 110_250)).astype(np.float32)


@each
@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100])
def test_shapes_are_as_announced(name, rate_hz, stereo):
    front_end = front_end_of(name)
    if name == "notes_and_mel" and rate_hz != RATE_HZ:  # its hops agree at one rate alone
        with pytest.raises(ValueError, match="give them equal hops"):
            front_end.check(rate_hz)
        return
    front_end.check(rate_hz)
    for audio_channels in (1, 2):
        try:
            channels = front_end.channels(audio_channels)
        except ValueError:
            assert (name, audio_channels) == ("mel_and_descriptors", 2)
            continue
        values = np.asarray(front_end(stereo[:audio_channels], rate_hz))
        assert values.shape[:2] == (channels, front_end.bands())
        seconds = max(110_250 / rate_hz, 30 if name == "key_picture" else 0)
        assert values.shape[2] == pytest.approx(seconds * front_end.frame_rate_hz(rate_hz), abs=1)
        assert values.dtype == np.float32
        stored = values.astype(np.float16)
        assert np.isfinite(stored).all()
        assert len(np.unique(stored)) > 10


@each
def test_it_states_what_training_and_workers_ask_of_it(name, stereo):
    kind, front_end = kind_of(node_of(name), "features"), front_end_of(name)
    assert type(front_end) is kind
    assert {type(front_end.in_decibels), type(front_end.uses_torch)} == {bool}
    assert type(front_end.bands_per_semitone) is int
    # A front end may return an array although a part of it uses torch, but no tensor without it.
    assert front_end.uses_torch or not isinstance(front_end(stereo[:1], RATE_HZ), torch.Tensor)


@each
def test_bands_are_in_decibels_where_it_says_so(name, stereo):
    """Twice the amplitude is 6.02 dB, and nothing of the kind in other units."""
    front_end = front_end_of(name)
    quiet, loud = (np.asarray(front_end(gain * stereo[:1], RATE_HZ)) for gain in (1, 2))
    if name == "notes_and_mel":  # rows of notes, then others in dB
        quiet, loud = quiet[:, :176], loud[:, :176]
    assert (loud.max() - quiet.max() == pytest.approx(6.02, abs=0.01)) == front_end.in_decibels


@each
def test_a_transposition_is_a_shift_by_bands_per_semitone_where_it_says_so(name, tone):
    front_end = front_end_of(name)
    if front_end.bands_per_semitone:
        low, high = (
            np.asarray(front_end(tone(440 * 2 ** (semitones / 12), RATE_HZ).T, RATE_HZ))[0].mean(axis=1)
            for semitones in (0, 5)
        )
        assert high.argmax() - low.argmax() == 5 * front_end.bands_per_semitone


@each
def test_worker_processes_are_sent_it_and_compute_the_same(name, stereo):
    front_end = front_end_of(name)
    sent = pickle.loads(pickle.dumps(front_end))
    assert sent == front_end
    np.testing.assert_array_equal(sent(stereo[:1], RATE_HZ), front_end(stereo[:1], RATE_HZ))


@pytest.mark.parametrize("name", ["descriptors", "grey", "key_picture", "levels", "pitch"])
def test_a_config_names_every_setting_with_the_default_of_the_class(name):
    front_end = front_end_of(name)
    assert vars(front_end) == pytest.approx(vars(type(front_end)()))
    assert set(vars(front_end)) == set(node_of(name)) - {"_target_"}


def test_the_original_mel_spectrogram_of_30_s_at_44100_hz_is_2_by_64_by_2584():
    front_end = front_end_of("mel_original")
    sound = np.random.default_rng(0).normal(0, 0.1, (2, 30 * 44_100)).astype(np.float32)
    assert front_end(sound, 44_100).shape == (2, 64, 2584)


def test_the_stack_has_the_settings_of_mel_and_of_descriptors():
    mel, descriptors = front_end_of("mel_and_descriptors").parts
    assert mel == front_end_of("mel")
    assert descriptors == front_end_of("descriptors")
