"""Grey pictures: whole grey values, linear frequency, fixed pixels per second."""

from dataclasses import replace

import numpy as np
import pytest

from earmark.features.spectrogram import GreySpectrogram, KeyPicture

RATE_HZ = 22_050
GREY = GreySpectrogram(scale=1.0)
KEY = KeyPicture()


@pytest.fixture
def noise():
    """Noise that swells: (channels, samples)."""
    rng = np.random.default_rng(3)
    return (rng.normal(0, 0.1, (2, 3 * RATE_HZ)) * np.linspace(0.01, 1, 3 * RATE_HZ)).astype(np.float32)


def loudest_row(picture):
    return int(picture[:, picture.shape[1] // 2].argmax())


def test_pixels_are_whole_greys(noise):
    for front_end in (GREY, replace(KEY, excerpt_s=3.0, hop_length=512)):
        values = front_end(noise, RATE_HZ)
        np.testing.assert_array_equal(values, values.round())
        assert 0 <= values.min() < values.max() <= 255
        np.testing.assert_array_equal(values.astype(np.float16), values)  # as they are stored


def test_scaled_greys_reach_1_and_come_back_from_half_floats(noise):
    stored = GreySpectrogram()(noise, RATE_HZ).astype(np.float16)
    np.testing.assert_array_equal((stored * np.float32(255)).round(), GREY(noise, RATE_HZ))


@pytest.mark.parametrize(("rate_hz", "seconds"), [(16_000, 1.0), (22_050, 2.56), (44_100, 3.3)])
def test_50_columns_a_second_and_128_rows(tone, rate_hz, seconds):
    GREY.check(rate_hz)
    assert GREY.frame_rate_hz(rate_hz) == 50
    sound = tone(440, rate_hz, seconds).T
    assert GREY(sound, rate_hz).shape == (1, GREY.bands(), 1 + sound.shape[1] // (rate_hz // 50))


@pytest.mark.parametrize(("rate_hz", "hz"), [(16_000, 300), (44_100, 1_000), (16_000, 7_000)])
def test_a_tone_is_brightest_in_the_row_of_its_frequency(tone, hz, rate_hz):
    grey = GREY(tone(hz, rate_hz, 1.0).T, rate_hz)[0]
    assert abs(loudest_row(grey) + 0.5 - hz / (rate_hz / 2 / 128)) <= 1
    key = KEY(tone(hz, rate_hz, 30.0).T, rate_hz)[0]
    assert abs(loudest_row(key) + 0.5 - hz / (rate_hz / 2 / 88)) <= 1


def test_full_scale_is_white_and_120_decibels_below_black(tone):
    hz = 10 * RATE_HZ / 512  # on a frequency of the transform
    wide = replace(GREY, rows=256)  # whose every frequency is a row
    loud = wide(tone(hz, RATE_HZ, 1.0, peak=1.0).T, RATE_HZ)[0]
    assert loud[10, 25] == 255
    quiet = wide(tone(hz, RATE_HZ, 1.0, peak=0.01).T, RATE_HZ)[0]
    assert loud[10, 25] - quiet[10, 25] == pytest.approx(255 * 40 / 120, abs=1)


def test_silence_is_black():
    silence = np.zeros((1, RATE_HZ), np.float32)
    for front_end in (GREY, KEY):  # the loudest of an excerpt is white, but for silence
        assert front_end(silence, RATE_HZ).max() == 0


def test_a_row_is_the_mean_power_of_its_frequencies(noise):
    fine = replace(GREY, rows=256, range_db=120.0)(noise, RATE_HZ)[0]
    coarse = replace(GREY, rows=64)(noise, RATE_HZ)[0]
    power = 10 ** (12 * (fine / 255 - 1))
    expected = 255 * (1 + np.log10(power.reshape(64, 4, -1).mean(axis=1)) / 12)
    np.testing.assert_allclose(coarse, expected, atol=1.5)  # whole values of whole values


def test_channels_are_mixed(noise):
    for front_end in (GREY, replace(KEY, excerpt_s=3.0, hop_length=512)):
        assert front_end.channels(2) == front_end.channels(1) == 1
        mixed = noise.mean(axis=0, keepdims=True)
        np.testing.assert_array_equal(front_end(noise, RATE_HZ), front_end(mixed, RATE_HZ))


@pytest.mark.parametrize(("seconds", "excerpts"), [(5, 1), (30, 1), (59.9, 1), (60, 2)])
def test_whole_excerpts_only_and_at_least_one(tone, seconds, excerpts):
    rate_hz = 8_000
    front_end = replace(KEY, n_fft=1024, hop_length=512)
    front_end.check(rate_hz)
    assert front_end(tone(440, rate_hz, seconds).T, rate_hz).shape == (1, 88, 88 * excerpts)
    assert front_end.frame_rate_hz(rate_hz) == pytest.approx(88 / 30)


def test_an_excerpt_s_picture_is_its_own(tone):
    rate_hz = 8_000
    quiet, loud = tone(440, rate_hz, 30.0, peak=0.01), tone(1_000, rate_hz, 30.0, peak=0.9)
    both = KEY(np.concatenate([quiet, loud]).T, rate_hz)
    np.testing.assert_array_equal(both[..., :88], KEY(quiet.T, rate_hz))
    np.testing.assert_array_equal(both[..., 88:], KEY(loud.T, rate_hz))
    for picture in (both[..., :88], both[..., 88:]):
        assert picture.max() > 200  # white, but for the resizing of a single row
        assert np.median(picture) < 20


def test_silence_after_the_end_of_a_short_piece_is_black(tone):
    picture = KEY(tone(440, RATE_HZ, 15.0).T, RATE_HZ)[0]
    assert picture[:, 50:].max() == 0
    assert picture[:, :40].max() > 200


def test_a_lower_upper_edge_is_a_magnification(tone):
    picture = replace(KEY, f_max_hz=2_205.0)(tone(440, RATE_HZ, 30.0).T, RATE_HZ)[0]
    assert abs(loudest_row(picture) + 0.5 - 440 / (2_205 / 88)) <= 1


@pytest.mark.parametrize(
    ("front_end", "changed", "reason"),
    [
        (GREY, {"rows": 0}, "n_fft=512 must be a multiple of twice features.rows=0"),
        (GREY, {"rows": 100}, "n_fft=512 must be a multiple of twice features.rows=100"),
        (GREY, {"rows": 512}, "n_fft=512 must be a multiple of twice features.rows=512"),
        (GREY, {"columns_per_s": 52}, "columns_per_s=52 must divide audio.sample_rate=22050"),
        (GREY, {"columns_per_s": 0}, "columns_per_s=0 must divide"),
        (GREY, {"range_db": 0.0}, "range_db=0 must be above 0"),
        (GREY, {"scale": 0.0}, "scale=0 must be above 0"),
        (KEY, {"size": 0}, "1 pixel or more"),
        (KEY, {"hop_length": 0}, "0 < hop_length <= n_fft"),
        (KEY, {"f_max_hz": 11_026.0}, "f_max_hz=11026 must lie within 0 and half of"),
        (KEY, {"f_max_hz": 500.0}, "fewer frequencies than the picture's 87 rows"),
        (KEY, {"excerpt_s": 4.0}, "fewer frames than the picture's 87 columns"),
        (KEY, {"range_db": -1.0}, "range_db=-1 must be above 0"),
    ],
)
def test_settings_that_cannot_work_are_refused(front_end, changed, reason):
    front_end.check(RATE_HZ)
    with pytest.raises(ValueError, match="features") as caught:
        replace(front_end, **changed).check(RATE_HZ)
    assert reason in str(caught.value)
