"""The log-mel front end, against librosa and against what a tone must look like."""

from dataclasses import replace

import librosa
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from earmark.features.mel import SINGLE_PRECISION_DB, LogMel
from earmark.foundation.errors import PieceError

RATE_HZ = 22_050
SMALL = LogMel(n_fft=1024, win_length=1024, hop_length=256, n_mels=40)


@pytest.fixture
def noise():
    """Noise of about 24 dB of range, so that no frame is empty: (channels, samples)."""
    rng = np.random.default_rng(3)
    return (rng.normal(0, 0.1, (1, 12_345)) * np.linspace(0.05, 1, 12_345)).astype(np.float32)


def librosa_mel(waveform, rate_hz, front_end):
    mel = librosa.feature.melspectrogram(
        y=waveform,
        sr=rate_hz,
        n_fft=front_end.n_fft,
        win_length=front_end.win_length,
        hop_length=front_end.hop_length,
        n_mels=front_end.n_mels,
        fmin=front_end.f_min_hz,
        fmax=front_end.f_max_hz or None,
        htk=front_end.mel_scale == "htk",
        norm=front_end.norm,
        pad_mode="reflect",
        power=2.0,
    )
    return librosa.power_to_db(mel, ref=1.0, amin=1e-10, top_db=front_end.top_db or None)


@pytest.mark.parametrize(
    ("changed", "rate_hz"),
    [
        ({}, 16_000),
        ({"mel_scale": "htk", "norm": None}, 22_050),
        ({"win_length": 600}, 44_100),
        ({"hop_length": 100, "top_db": 0.0}, 22_050),
        ({"f_min_hz": 200.0, "f_max_hz": 4_000.0, "mel_scale": "htk", "n_mels": 20}, 16_000),
        ({"n_fft": 4096, "win_length": 4096, "hop_length": 1024, "n_mels": 128, "f_min_hz": 0.0}, 44_100),
        ({"top_db": 10.0}, 22_050),
    ],
)
def test_it_is_librosa_s_mel_spectrogram(noise, changed, rate_hz):
    front_end = replace(SMALL, **changed)
    front_end.check(rate_hz)
    mel = front_end(noise, rate_hz)
    expected = librosa_mel(noise[0], rate_hz, front_end)
    assert mel.shape == (1, *expected.shape)
    assert expected.std() > 1  # a constant would be equal by chance
    np.testing.assert_allclose(mel[0], expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("top_db", [40.0, SINGLE_PRECISION_DB, SINGLE_PRECISION_DB + 1, 80.0, 0.0])
def test_weak_bands_beside_a_loud_tone_are_librosa_s_too(tone, noise, top_db):
    front_end = replace(SMALL, top_db=top_db)
    waveform = tone(1_000, RATE_HZ, peak=0.9).T[:, : noise.shape[1]] + 1e-4 * noise
    expected = librosa_mel(waveform[0], RATE_HZ, front_end)
    assert np.ptp(expected) >= min(top_db or 80, 80) - 1e-3
    np.testing.assert_allclose(front_end(waveform, RATE_HZ)[0], expected, rtol=0, atol=1e-4)


@settings(deadline=None, max_examples=25)
@given(samples=st.integers(513, 22_050), hop=st.integers(64, 512), channels=st.integers(1, 2))
@example(samples=5_119, hop=256, channels=1)
@example(samples=5_120, hop=256, channels=1)
def test_there_are_1_plus_samples_by_hop_frames(samples, hop, channels):
    waveform = np.random.default_rng(0).normal(0, 0.1, (channels, samples)).astype(np.float32)
    front_end = replace(SMALL, hop_length=hop)
    assert front_end(waveform, RATE_HZ).shape == (channels, front_end.bands(), 1 + samples // hop)
    assert front_end.frame_rate_hz(RATE_HZ) == pytest.approx(RATE_HZ / hop)


@pytest.mark.parametrize(("scale", "rate_hz"), [("slaney", 22_050), ("htk", 22_050), ("slaney", 44_100)])
def test_the_strongest_band_of_a_tone_contains_its_frequency(tone, scale, rate_hz):
    front_end = LogMel(n_fft=4096, win_length=4096, hop_length=1024, n_mels=64, mel_scale=scale)
    edges_hz = librosa.mel_frequencies(66, fmin=30, fmax=rate_hz / 2, htk=scale == "htk")
    for hz in (110, 440, 1_000, 3_000, 7_000):
        band = front_end(tone(hz, rate_hz).T, rate_hz)[0, :, 10].argmax()
        assert edges_hz[band] < hz < edges_hz[band + 2]  # the triangle's ends: the peaks of its neighbours


def test_ten_times_the_amplitude_is_20_decibels(tone):
    quiet, loud = (SMALL(tone(440, RATE_HZ, peak=peak).T, RATE_HZ) for peak in (0.05, 0.5))
    band = loud[0, :, 20].argmax()
    assert (loud - quiet)[0, band, 5:-5] == pytest.approx(20, abs=0.01)


def test_what_lies_further_below_the_maximum_than_top_db_is_raised_to_it(tone):
    assert np.ptp(replace(SMALL, top_db=30.0)(tone(440, RATE_HZ).T, RATE_HZ)) == pytest.approx(30, abs=1e-4)
    assert np.ptp(replace(SMALL, top_db=0.0)(tone(440, RATE_HZ).T, RATE_HZ)) > 60


def test_silence_is_100_decibels_below_full_scale():
    assert set(np.unique(SMALL(np.zeros((1, 5_000), np.float32), RATE_HZ))) == {-100}


def test_memory_order_does_not_matter_and_channels_are_transformed_alone(noise):
    stereo = np.concatenate([noise, noise[:, ::-1]])
    both = SMALL(stereo, RATE_HZ)
    np.testing.assert_array_equal(SMALL(np.asfortranarray(stereo), RATE_HZ), both)
    np.testing.assert_array_equal(both[:1], SMALL(noise, RATE_HZ))


@pytest.mark.parametrize("samples", [0, 512])
def test_less_than_half_a_window_is_too_short(samples):
    with pytest.raises(PieceError, match=f"lasts {samples} samples, too short for features.n_fft=1024"):
        SMALL(np.zeros((1, samples), np.float32), RATE_HZ)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"hop_length": 0}, "hop_length <= win_length <= n_fft"),
        ({"hop_length": 1025}, "hop_length <= win_length <= n_fft"),
        ({"win_length": 1025}, "hop_length <= win_length <= n_fft"),
        ({"n_fft": 512}, "hop_length <= win_length <= n_fft"),
        ({"f_max_hz": 11_026.0}, "features.f_max_hz=11026 is above half of audio.sample_rate=22050"),
        ({"f_min_hz": -1.0}, "f_min_hz must lie below f_max_hz"),
        ({"f_min_hz": 11_025.0}, "f_min_hz must lie below f_max_hz"),
        ({"f_min_hz": 4_000.0, "f_max_hz": 4_000.0}, "f_min_hz must lie below f_max_hz"),
        ({"n_mels": 0}, "features.n_mels=0 must be 1 or more"),
        ({"n_mels": 513}, "features.n_mels=513: n_fft=1024 has 512 bins"),
        ({"mel_scale": "slany"}, "features.mel_scale=slany must be slaney or htk"),
        ({"norm": "slany"}, "features.norm=slany must be slaney or null"),
        ({"top_db": -80.0}, "features.top_db=-80 must be 0 or more"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_anything_is_computed(changed, reason):
    SMALL.check(RATE_HZ)
    with pytest.raises(ValueError, match="features") as caught:
        replace(SMALL, **changed).check(RATE_HZ)
    assert reason in str(caught.value)


def test_the_same_settings_may_work_at_one_rate_and_not_at_another():
    front_end = replace(SMALL, f_max_hz=8_000.0)
    front_end.check(16_000)
    with pytest.raises(ValueError, match="above half of audio"):
        front_end.check(15_999)
