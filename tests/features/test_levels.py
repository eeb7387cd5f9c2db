"""The waveform in 16 levels, every fourth sample of it."""

from dataclasses import replace

import numpy as np
import pytest

from earmark.features.levels import Levels
from earmark.foundation.errors import PieceError

RATE_HZ = 44_100
ALL = Levels(decimation=1)


def test_equal_steps_from_the_minimum_s_own_level_to_the_maximum_s():
    ramp = np.linspace(-0.3, 0.7, 151, dtype=np.float32)
    levels = ALL(ramp[None], RATE_HZ)[0, 0].numpy()
    assert (levels[0], levels[1], levels[-1]) == (0, 1, 15)
    np.testing.assert_array_equal(np.unique(levels), np.arange(16))
    assert set(np.bincount(levels.astype(int))[1:]) <= {9, 10, 11}


def test_16_bit_samples_are_digitized_in_integers_as_in_fractions():
    integers = np.random.default_rng(0).integers(-20_000, 30_000, 40_001).astype(np.int16)
    shifted = integers.astype(np.int64) - integers.min()
    expected = np.digitize(shifted / shifted.max(), [k / 15 for k in range(16)], right=True)[::4]
    found = Levels()((integers / 32_768).astype(np.float32)[None], RATE_HZ)
    np.testing.assert_array_equal(found[0, 0], expected)


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0.0), (0.25, 0.125), (1.0, -0.25)])
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
    kept = Levels()(high, RATE_HZ)[0, 0].numpy()
    spectrum = np.abs(np.fft.rfft((kept - kept.mean()) * np.hanning(len(kept))))
    assert spectrum.argmax() == pytest.approx(1_025 * len(kept) / 11_025, abs=1)  # folded about 5,512.5


@pytest.mark.parametrize(("samples", "kept"), [(4, 1), (5, 2), (40_000, 10_000), (40_001, 10_001)])
def test_one_of_four_samples_beginning_with_the_first(samples, kept):
    sound = np.random.default_rng(2).normal(size=(2, samples)).astype(np.float32)
    assert Levels()(sound, RATE_HZ).shape == (Levels().channels(2), Levels().bands(), kept)
    assert Levels().frame_rate_hz(RATE_HZ) == 11_025


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 11])
def test_levels_of_any_bits_are_stored_exactly(bits):
    sound = np.random.default_rng(2).normal(size=(1, 100_000)).astype(np.float32)
    levels = replace(ALL, bits=bits)(sound, RATE_HZ).numpy()
    assert (levels.min(), levels.max()) == (0, 2**bits - 1)
    np.testing.assert_array_equal(levels.astype(np.float16), levels)


def test_silence_has_no_levels():
    with pytest.raises(PieceError, match="all its samples are equal"):
        Levels()(np.full((1, 100), 0.1, np.float32), RATE_HZ)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"bits": 0}, "features.bits=0 must lie within 1 and 11"),
        ({"bits": 12}, "features.bits=12 must lie within 1 and 11"),
        ({"decimation": 0}, "features.decimation=0 must be 1 or more"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings, reason):
    Levels().check(RATE_HZ)
    with pytest.raises(ValueError, match=reason):
        replace(Levels(), **settings).check(RATE_HZ)
