"""Timbre statistics: cepstra of known shapes, and what does not count."""

import numpy as np
import pytest
import scipy.fft
import torch

from earmark.models.timbre_statistics import TimbreStatistics


@pytest.fixture
def model():
    return TimbreStatistics(channels=1, bands=40, frames=200, coefficients=6)


@pytest.fixture
def clips():
    return -40 + 8 * torch.randn(3, 1, 40, 200, generator=torch.Generator().manual_seed(0))


def test_mean_and_covariance_are_those_of_the_cepstra(model, clips):
    values = model(clips)
    assert values.shape == (3, 6 + 6 * 7 // 2)
    for row, clip in zip(values.numpy(), clips[:, 0].numpy(), strict=True):
        cepstra = scipy.fft.dct(clip, axis=0, norm="ortho")[:6]
        assert row[:6] == pytest.approx(cepstra.mean(axis=1), rel=1e-3, abs=1e-3)
        covariance = np.cov(cepstra, bias=True)[np.triu_indices(6)]
        assert row[6:] == pytest.approx(covariance, rel=1e-3, abs=1e-2)


def test_the_order_of_frames_does_not_count(model, clips):
    torch.testing.assert_close(model(clips.flip(-1)), model(clips), rtol=1e-4, atol=1e-3)


def test_loudness_changes_the_first_coefficient_alone(model, clips):
    difference = model(clips + 6.0) - model(clips)
    assert difference[:, 0].tolist() == pytest.approx([6.0 * 40**0.5] * 3, rel=1e-3)
    assert difference[:, 1:].abs().max() < 1e-2


def test_more_coefficients_than_bands_are_refused():
    with pytest.raises(ValueError, match="coefficients=50 must lie within 2 and the 40 bands"):
        TimbreStatistics(channels=1, bands=40, frames=9, coefficients=50)
