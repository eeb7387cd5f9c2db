"""Descriptors: librosa's definitions, and what they must say of tones and noise."""

from dataclasses import replace

import librosa
import numpy as np
import pytest

from earmark.features.descriptors import Descriptors

FRONT_END = Descriptors()
NAMES = FRONT_END.names()
RATE_HZ = 22_050
CHROMA = [f"chroma_{name}" for name in ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")]


@pytest.fixture
def music():
    """Noise that swells under a chord: (1, samples)."""
    rng = np.random.default_rng(3)
    time = np.arange(30_000) / RATE_HZ
    chord = sum(np.sin(2 * np.pi * hz * time) for hz in (220, 277, 330))
    return (rng.normal(0, 0.1, 30_000) * np.linspace(0.05, 1, 30_000) + 0.1 * chord).astype(np.float32)[None]


def rows_of(sound, rate_hz=RATE_HZ, front_end=FRONT_END):
    return dict(zip(front_end.names(), front_end(sound, rate_hz)[0], strict=True))


def librosa_rows(y, rate_hz, front_end):
    feature = librosa.feature
    frame = {"frame_length": front_end.n_fft, "hop_length": front_end.hop_length}
    spectrum = {"y": y, "sr": rate_hz, "n_fft": front_end.n_fft, "hop_length": front_end.hop_length}
    return {
        "zero_crossing_rate": feature.zero_crossing_rate(y, **frame),
        "spectral_centroid_hz": feature.spectral_centroid(**spectrum),
        "spectral_bandwidth_hz": feature.spectral_bandwidth(**spectrum),
        "spectral_rolloff_hz": feature.spectral_rolloff(**spectrum),
        "rms": feature.rms(y=y, **frame),
        "mfcc": feature.mfcc(n_mfcc=front_end.n_mfcc, n_mels=front_end.n_mels, **spectrum),
        "chroma": feature.chroma_stft(tuning=0, **spectrum),
    }


@pytest.mark.parametrize(
    ("rate_hz", "changed"),
    [
        (22_050, {}),
        (16_000, {"n_fft": 2048, "hop_length": 512, "n_mels": 64, "n_mfcc": 13}),
        (44_100, {"hop_length": 1000}),
    ],
)
def test_rows_are_librosa_s_within_a_ten_thousandth(music, rate_hz, changed):
    """Within 1e-4 of the value or 1e-4 in its unit, whichever is more."""
    front_end = replace(FRONT_END, **changed)
    rows = rows_of(music, rate_hz, front_end)
    for name, expected in librosa_rows(music[0], rate_hz, front_end).items():
        values = np.stack([rows[row] for row in rows if row.startswith(name)])
        assert values.shape == expected.shape, name
        np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("samples", [1, 1_023, 1_024, 30_000])
def test_shape_names_and_frames(music, samples):
    stereo = np.concatenate([music, music])[:, :samples]
    assert FRONT_END(stereo, RATE_HZ).shape == (FRONT_END.channels(2), FRONT_END.bands(), 1 + samples // 1024)
    assert len(set(NAMES)) == FRONT_END.bands() == 37
    assert NAMES[-12:] == CHROMA
    assert FRONT_END.frame_rate_hz(RATE_HZ) == pytest.approx(22_050 / 1024)


@pytest.mark.parametrize(("rate_hz", "hz"), [(16_000, 200), (22_050, 1_000), (44_100, 5_000)])
def test_a_tone_s_centroid_and_crossings_are_its_frequency(tone, hz, rate_hz):
    rows = rows_of(tone(hz, rate_hz, 2.0).T, rate_hz)
    inner = slice(5, -5)
    assert rows["spectral_centroid_hz"][inner] == pytest.approx(hz, rel=0.03)
    assert rows["spectral_rolloff_hz"][inner] == pytest.approx(hz, abs=2 * rate_hz / 4096)
    assert rows["zero_crossing_rate"][inner] == pytest.approx(2 * hz / rate_hz, abs=2 / 4096)
    assert rows["rms"][inner] == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


def test_white_noise_lies_in_the_middle_of_the_spectrum():
    rows = rows_of(np.random.default_rng(0).normal(0, 0.1, (1, 100_000)).astype(np.float32))
    nyquist = RATE_HZ / 2
    assert rows["zero_crossing_rate"].mean() == pytest.approx(0.5, abs=0.02)
    assert rows["spectral_centroid_hz"].mean() == pytest.approx(nyquist / 2, rel=0.02)
    assert rows["spectral_rolloff_hz"].mean() == pytest.approx(0.85 * nyquist, rel=0.02)
    assert rows["spectral_bandwidth_hz"].mean() == pytest.approx(nyquist / np.sqrt(12), rel=0.02)


def test_a_tone_s_pitch_class_is_the_strongest(tone):
    for pitch in (*range(60, 72), 48, 84):
        rows = FRONT_END(tone(440 * 2 ** ((pitch - 69) / 12), RATE_HZ).T, RATE_HZ)[0]
        chroma = rows[-12:, 10]
        assert (chroma.argmax(), chroma.max()) == (pitch % 12, 1)
        assert np.sort(chroma)[-2] < 0.5


def test_loudness_changes_rms_and_the_first_coefficient_alone(music):
    quiet, loud = rows_of(music / 2), rows_of(music)
    np.testing.assert_allclose(loud["rms"], 2 * quiet["rms"], rtol=1e-5)
    step = loud["mfcc_1"] - quiet["mfcc_1"]
    assert step == pytest.approx(20 * np.log10(2) * np.sqrt(128), rel=1e-3)
    for name in set(NAMES) - {"rms", "mfcc_1"}:
        np.testing.assert_allclose(loud[name], quiet[name], rtol=1e-3, atol=2e-3, err_msg=name)


def test_silence_is_finite_and_nothing():
    for name, values in rows_of(np.zeros((1, 5_000), np.float32)).items():
        expected = -100 * np.sqrt(128) if name == "mfcc_1" else 0
        np.testing.assert_allclose(values, expected, atol=2e-3, err_msg=name)


def test_values_fit_half_floats(tone):
    highest = FRONT_END(tone(40_000, 96_000, 1.0, peak=1.0).T, 96_000)
    assert np.isfinite(highest.astype(np.float16)).all()
    assert highest.max() > 65_504 / 2  # large enough that a factor of 2 would show


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"hop_length": 0}, "0 < hop_length <= n_fft"),
        ({"hop_length": 4097}, "0 < hop_length <= n_fft"),
        ({"n_fft": 4095}, "n_fft be even"),
        ({"n_mfcc": 0}, "1 <= n_mfcc <= n_mels"),
        ({"n_mfcc": 129}, "1 <= n_mfcc <= n_mels"),
    ],
)
def test_settings_that_cannot_work_are_refused(changed, reason):
    FRONT_END.check(RATE_HZ)
    with pytest.raises(ValueError, match="features") as caught:
        replace(FRONT_END, **changed).check(RATE_HZ)
    assert reason in str(caught.value)
