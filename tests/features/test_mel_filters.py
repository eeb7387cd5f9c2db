"""Mel filters, against librosa's and against what their definition says."""

import librosa
import numpy as np
import pytest
import torchaudio
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.features.mel_filters import cepstral_cosines, hz_of, mel_filters, mel_of

SCALES = ("slaney", "htk")


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("norm", ["slaney", None])
@pytest.mark.parametrize(
    ("n_fft", "rate_hz", "n_mels", "f_min_hz", "f_max_hz"),
    [(4096, 22_050, 128, 40.0, 8_000.0), (1023, 11_025, 40, 200.0, 5_512.5)],
)
def test_they_are_librosa_s(n_fft, rate_hz, n_mels, f_min_hz, f_max_hz, scale, norm):
    filters = mel_filters(n_fft, rate_hz, n_mels, f_min_hz, f_max_hz, scale, norm)
    expected = librosa.filters.mel(
        sr=rate_hz,
        n_fft=n_fft,
        n_mels=n_mels,
        fmin=f_min_hz,
        fmax=f_max_hz,
        htk=scale == "htk",
        norm=norm,
        dtype=np.float64,
    )
    assert expected.max() > 0
    np.testing.assert_allclose(filters, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("scale", "hz", "mel"),
    # Slaney: 15 mels a kilohertz, then 27 mels for a factor of 6.4; HTK: 1000 mels are 1 kHz.
    [("slaney", [0, 200, 1_000, 6_400], [0, 3, 15, 42]), ("htk", [0, 700], [0, 2595 * np.log10(2)])],
)
def test_known_frequencies(scale, hz, mel):
    np.testing.assert_allclose(mel_of(hz, scale), mel, atol=1e-9)
    np.testing.assert_allclose(hz_of(mel, scale), hz, atol=1e-9)


@settings(deadline=None, max_examples=50)
@given(
    scale=st.sampled_from(SCALES),
    n_mels=st.integers(2, 60),
    f_min_hz=st.floats(0, 1_000),
    octaves=st.floats(1.5, 3.4),
)
def test_without_norm_the_filters_add_up_to_one_between_the_outer_peaks(scale, n_mels, f_min_hz, octaves):
    f_max_hz = (f_min_hz + 50) * 2**octaves
    filters = mel_filters(4096, 22_050, n_mels, f_min_hz, f_max_hz, scale, None)
    edges_hz = hz_of(np.linspace(*mel_of([f_min_hz, f_max_hz], scale), n_mels + 2), scale)
    bins_hz = np.arange(2049) * 22_050 / 4096
    between = (bins_hz > edges_hz[1]) & (bins_hz < edges_hz[-2])
    np.testing.assert_allclose(filters[:, between].sum(axis=0), 1, atol=1e-9)
    outside = (bins_hz <= edges_hz[0]) | (bins_hz >= edges_hz[-1])
    assert not filters[:, outside].any()
    assert np.diff(edges_hz).min() > 0


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("norm", ["slaney", None])
@pytest.mark.parametrize(("n_fft", "rate_hz", "n_mels"), [(2048, 22_050, 96), (4096, 44_100, 128)])
def test_they_are_torchaudio_s_within_its_single_precision(n_fft, rate_hz, n_mels, scale, norm):
    filters = mel_filters(n_fft, rate_hz, n_mels, 0.0, rate_hz / 2, scale, norm)
    expected = torchaudio.functional.melscale_fbanks(
        n_fft // 2 + 1, 0.0, rate_hz / 2, n_mels, rate_hz, norm=norm, mel_scale=scale
    ).numpy()
    np.testing.assert_allclose(filters.T, expected, rtol=0, atol=2e-5 * expected.max())


@pytest.mark.parametrize(("n_mfcc", "n_mels"), [(20, 128), (13, 40), (40, 40)])
def test_the_cosines_are_torchaudio_s_and_orthonormal(n_mfcc, n_mels):
    cosines = cepstral_cosines(n_mfcc, n_mels)
    expected = torchaudio.functional.create_dct(n_mfcc, n_mels, norm="ortho").numpy()
    np.testing.assert_allclose(cosines, expected, rtol=0, atol=2e-6)
    np.testing.assert_allclose(cosines.T @ cosines, np.eye(n_mfcc), rtol=0, atol=1e-12)
