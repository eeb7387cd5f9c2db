"""What every front end of conf/features/ promises to stages, store and networks."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from earmark.pipeline.settings.config import build, compose

CONF = Path(__file__).parents[2] / "conf"
NAMES = sorted(path.stem for path in (CONF / "features").glob("*.yaml"))


def front_end_of(name):
    return build(compose(CONF, [f"features={name}"]).features, "features")


@pytest.fixture
def stereo():
    """Noise that swells: (channels, samples)."""
    rng = np.random.default_rng(0)
    return (rng.normal(0, 0.1, (2, 110_250)) * np.linspace(0.1, 1, 110_250)).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100])
def test_shapes_are_as_announced(name, rate_hz, stereo):
    front_end = front_end_of(name)
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


@pytest.mark.parametrize("name", NAMES)
def test_worker_processes_are_sent_it_and_hear_the_same(name, stereo):
    front_end = front_end_of(name)
    sent = pickle.loads(pickle.dumps(front_end))
    assert sent == front_end
    np.testing.assert_array_equal(sent(stereo[:1], 22_050), front_end(stereo[:1], 22_050))


@pytest.mark.parametrize("name", ["descriptors", "grey", "key_picture", "levels", "pitch"])
def test_a_config_names_every_setting_with_the_class_s_own_value(name):
    front_end = front_end_of(name)
    assert vars(front_end) == pytest.approx(vars(type(front_end)()))
    assert set(vars(front_end)) == set(compose(CONF, [f"features={name}"]).features) - {"_target_"}


def test_the_original_mel_spectrogram_of_30_s_at_44100_hz_is_2_by_64_by_2584():
    front_end = front_end_of("mel_original")
    sound = np.random.default_rng(0).normal(0, 0.1, (2, 30 * 44_100)).astype(np.float32)
    assert front_end(sound, 44_100).shape == (2, 64, 2584)


def test_the_stack_is_mel_s_and_descriptors_own():
    mel, descriptors = front_end_of("mel_and_descriptors").parts
    assert mel == front_end_of("mel")
    assert descriptors == front_end_of("descriptors")
