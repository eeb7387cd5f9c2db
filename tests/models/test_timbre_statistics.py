"""Timbre statistics: cepstra of known shapes, and what does not count."""

import numpy as np
import pytest
import scipy.fft

from earmark.models.timbre_statistics import TimbreStatistics


@pytest.fixture
def model():
    return TimbreStatistics(channels=1, bands=40, frames=200, coefficients=6)


@pytest.fixture
def clips():
    return (-40 + 8 * np.random.default_rng(0).standard_normal((3, 1, 40, 200))).astype(np.float32)


def test_mean_and_covariance_are_those_of_the_cepstra(model, clips):
    values = model.forward(clips)
    assert values.shape == (3, 6 + 6 * 7 // 2)
    for row, clip in zip(values, clips[:, 0], strict=True):
        cepstra = scipy.fft.dct(clip, axis=0, norm="ortho")[:6]
        assert row[:6] == pytest.approx(cepstra.mean(axis=1), rel=1e-3, abs=1e-3)
        covariance = np.cov(cepstra, bias=True)[np.triu_indices(6)]
        assert row[6:] == pytest.approx(covariance, rel=1e-3, abs=1e-2)


def test_the_order_of_frames_does_not_count(model, clips):
    np.testing.assert_allclose(model.forward(clips[..., ::-1]), model.forward(clips), rtol=1e-4, atol=1e-3)


def test_loudness_changes_the_first_coefficient_alone(model, clips):
    difference = model.forward(clips + 6.0) - model.forward(clips)
    assert difference[:, 0].tolist() == pytest.approx([6.0 * 40**0.5] * 3, rel=1e-3)
    assert np.abs(difference[:, 1:]).max() < 1e-2


def test_more_coefficients_than_bands_are_refused():
    with pytest.raises(ValueError, match="coefficients=50 must lie within 2 and the 40 bands"):
        TimbreStatistics(channels=1, bands=40, frames=9, coefficients=50)


def test_products_of_random_features_are_those_of_the_kernel(clips):
    model = TimbreStatistics(1, 40, 200, coefficients=6, kernel_features=20_000, kernel_gamma=0.5)
    summaries = model.summarise(clips)
    model.fit(summaries, np.zeros(3), np.ones(3), seed=0)
    found = model.forward(clips)
    standard = (summaries - summaries.mean(axis=0)) / summaries.std(axis=0)
    squares = np.square(standard[:, None] - standard[None]).sum(axis=-1)
    assert found @ found.T == pytest.approx(np.exp(-0.5 * squares / standard.shape[1]), abs=0.03)


def test_the_seed_draws_the_features(clips):
    models = [TimbreStatistics(1, 40, 200, 6, kernel_features=10) for _ in range(3)]
    for model, seed in zip(models, (0, 0, 1), strict=True):
        model.fit(model.summarise(clips), np.zeros(3), np.ones(3), seed)
    outputs = [model.forward(clips) for model in models]
    np.testing.assert_array_equal(outputs[0], outputs[1])
    assert not np.allclose(outputs[0], outputs[2])


@pytest.mark.parametrize(("features", "gamma"), [(-1, 1.0), (10, 0.0)])
def test_a_kernel_that_cannot_work_is_refused(features, gamma):
    with pytest.raises(ValueError, match="must be 0 or more and model"):
        TimbreStatistics(1, 40, 9, 6, kernel_features=features, kernel_gamma=gamma)
