"""The waveform in 16 levels, every fourth sample of it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.features.levels import Levels
from earmark.foundation.errors import PieceError

RATE_HZ = 44_100
ALL = Levels(decimation=1)


def test_equal_steps_from_the_minimum_s_own_level_to_the_maximum_s():
    ramp = np.linspace(-0.3, 0.7, 151, dtype=np.float32)
    levels = ALL(ramp[None], RATE_HZ)[0, 0]
    assert (levels[0], levels[1], levels[-1]) == (0, 1, 15)
    np.testing.assert_array_equal(np.unique(levels), np.arange(16))
    assert set(np.bincount(levels.astype(int))[1:]) <= {9, 10, 11}


def test_16_bit_samples_are_digitized_in_integers_as_in_fractions():
    integers = np.random.default_rng(0).integers(-20_000, 30_000, 40_001).astype(np.int16)
    shifted = integers.astype(np.int64) - integers.min()
    expected = np.digitize(shifted / shifted.max(), [k / 15 for k in range(16)], right=True)[::4]
    levels = Levels()((integers / 32_768).astype(np.float32)[None], RATE_HZ)
    np.testing.assert_array_equal(levels[0, 0], expected)


@pytest.mark.parametrize(("gain", "offset"), [(0.25, 0.125), (1.0, -0.25)])
def test_gain_and_offset_do_not_count(gain, offset):
    samples = np.random.default_rng(1).integers(-8_000, 8_000, (1, 5_000)) / 32_768
    first, second = (ALL(x.astype(np.float32), RATE_HZ) for x in (samples, gain * samples + offset))
    np.testing.assert_array_equal(first, second)


def test_extremes_are_those_of_the_whole_recording_and_only_every_fourth_sample_is_kept():
    sound = np.zeros((1, 12), np.float32)
    sound[0, 1], sound[0, 2] = 1.0, -1.0  # neither is kept
    np.testing.assert_array_equal(Levels()(sound, RATE_HZ)[0, 0], [8, 8, 8])  # 0 is half: 7.5 of 15


def test_no_filter_lies_before_decimation(tone):
    high = tone(10_000, RATE_HZ).T  # above half of 11,025 Hz
    kept = Levels()(high, RATE_HZ)[0, 0]
    spectrum = np.abs(np.fft.rfft((kept - kept.mean()) * np.hanning(len(kept))))
    assert spectrum.argmax() == pytest.approx(1_025 * len(kept) / 11_025, abs=1)  # folded about 5,512.5


@settings(deadline=None, max_examples=40)
@given(samples=st.integers(2, 5_000), decimation=st.integers(1, 9), bits=st.integers(1, 11))
def test_every_nth_sample_is_kept_and_its_level_is_stored_exactly(samples, decimation, bits):
    sound = np.random.default_rng(2).normal(size=(2, samples)).astype(np.float32)
    front_end = Levels(bits, decimation)
    levels = front_end(sound, RATE_HZ)
    assert levels.shape == (front_end.channels(2), front_end.bands(), -(-samples // decimation))
    every = replace(front_end, decimation=1)(sound, RATE_HZ)
    assert (every.min(), every.max()) == (0, 2**bits - 1)
    np.testing.assert_array_equal(levels, every[..., ::decimation])
    np.testing.assert_array_equal(levels.astype(np.float16), levels)
    assert front_end.frame_rate_hz(RATE_HZ) == RATE_HZ / decimation


def test_silence_has_no_levels():
    with pytest.raises(PieceError, match="all its samples are equal"):
        Levels()(np.full((1, 100), 0.1, np.float32), RATE_HZ)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"bits": 0}, "features.bits=0 must lie within 1 and 11"),
        ({"bits": 12}, "features.bits=12 must lie within 1 and 11"),
        ({"decimation": 0}, "features.decimation=0 must be 1 or more"),
    ],
)
def test_settings_that_cannot_work_are_refused(changed, reason):
    Levels().check(RATE_HZ)
    with pytest.raises(ValueError, match=reason):
        replace(Levels(), **changed).check(RATE_HZ)
