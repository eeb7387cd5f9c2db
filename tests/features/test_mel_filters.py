"""Mel filters, against librosa's and against what their definition says."""

import librosa
import numpy as np
import pytest

from earmark.features.mel_filters import hz_of, mel_filters, mel_of


@pytest.mark.parametrize("scale", ["slaney", "htk"])
@pytest.mark.parametrize("norm", ["slaney", None])
@pytest.mark.parametrize(
    ("n_fft", "rate_hz", "n_mels", "f_min_hz", "f_max_hz"),
    [
        (4096, 22_050, 128, 40.0, 8_000.0),
        (1024, 44_100, 64, 0.0, 22_050.0),
        (1023, 11_025, 40, 200.0, 5_512.5),
        (512, 16_000, 1, 0.0, 8_000.0),
    ],
)
def test_they_are_librosa_s(n_fft, rate_hz, n_mels, f_min_hz, f_max_hz, scale, norm):
    found = mel_filters(n_fft, rate_hz, n_mels, f_min_hz, f_max_hz, scale, norm)
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
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("scale", "hz", "mel"),
    # Slaney: 15 mels a kilohertz, then 27 mels for a factor of 6.4; HTK: 1000 mels are 1 kHz.
    [("slaney", [0, 200, 1_000, 6_400], [0, 3, 15, 42]), ("htk", [0, 700], [0, 2595 * np.log10(2)])],
)
def test_known_frequencies(scale, hz, mel):
    np.testing.assert_allclose(mel_of(hz, scale), mel, atol=1e-9)
    np.testing.assert_allclose(hz_of(mel, scale), hz, atol=1e-9)


@pytest.mark.parametrize("scale", ["slaney", "htk"])
def test_without_norm_the_filters_add_up_to_one_between_the_outer_peaks(scale):
    filters = mel_filters(4096, 22_050, 30, 100.0, 8_000.0, scale, None)
    peaks_hz = hz_of(np.linspace(*mel_of([100.0, 8_000.0], scale), 32), scale)[1:-1]
    bins_hz = np.arange(2049) * 22_050 / 4096
    between = (bins_hz > peaks_hz[0]) & (bins_hz < peaks_hz[-1])
    np.testing.assert_allclose(filters[:, between].sum(axis=0), 1, atol=1e-12)
