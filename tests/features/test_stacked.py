"""Several front ends as one."""

from dataclasses import replace

import numpy as np
import pytest

from earmark.features.descriptors import Descriptors
from earmark.features.mel import LogMel
from earmark.features.spectrogram import GreySpectrogram
from earmark.features.stacked import Stacked
from earmark.foundation.closure import closure

RATE_HZ = 22_050
MEL, MORE = LogMel(n_fft=2048, hop_length=512, n_mels=40), Descriptors(n_fft=2048, hop_length=512)
BOTH = Stacked([MEL, MORE])


@pytest.fixture
def noise():
    return np.random.default_rng(0).normal(0, 0.1, (1, 20_001)).astype(np.float32)


def test_bands_lie_one_above_the_other(noise):
    BOTH.check(RATE_HZ)
    stacked = BOTH(noise, RATE_HZ)
    assert stacked.shape == (1, BOTH.bands(), 40)
    np.testing.assert_array_equal(stacked[:, :40], MEL(noise, RATE_HZ))
    np.testing.assert_array_equal(stacked[:, 40:], MORE(noise, RATE_HZ))
    assert BOTH.frame_rate_hz(RATE_HZ) == MEL.frame_rate_hz(RATE_HZ)


def test_stacks_of_stacks(noise):
    nested = Stacked([Stacked([MEL]), BOTH])
    nested.check(RATE_HZ)
    assert nested(noise, RATE_HZ).shape == (1, 40 + 40 + 37, 40)


def test_parts_of_both_channels_keep_both(noise):
    stereo = np.concatenate([noise, -noise])
    mels = Stacked([MEL, replace(MEL, n_mels=20)])
    assert mels.channels(2) == 2
    assert mels(stereo, RATE_HZ).shape == (2, 60, 40)


def test_parts_that_mix_and_parts_that_do_not_go_together_for_one_channel_only(noise):
    assert BOTH.channels(1) == 1
    for fail in (lambda: BOTH.channels(2), lambda: BOTH(np.concatenate([noise, noise]), RATE_HZ)):
        with pytest.raises(
            ValueError, match=r"differ in channels for audio.channels=2: set audio.channels=1"
        ):
            fail()


def test_parts_of_one_hop_given_in_samples_and_in_seconds():
    grey = GreySpectrogram()
    Stacked([replace(MEL, hop_length=441), grey]).check(RATE_HZ)
    with pytest.raises(ValueError, match=r"LogMel 49\.887, GreySpectrogram 50\.000\): give them equal hops"):
        Stacked([replace(MEL, hop_length=442), grey]).check(RATE_HZ)


def test_what_a_part_refuses_and_no_parts():
    with pytest.raises(ValueError, match="n_mels=0"):
        Stacked([replace(MEL, n_mels=0), MORE]).check(RATE_HZ)
    with pytest.raises(ValueError, match=r"features\.parts is empty"):
        Stacked([]).check(RATE_HZ)


def test_its_code_version_covers_every_front_end():
    names = {path.name for path in closure("earmark.features.stacked")}
    assert {"mel.py", "descriptors.py", "spectrogram.py", "levels.py", "pitch.py"} <= names
