"""The domain: statistics of known arrays, what lies within and without, and what a bundle keeps."""

import numpy as np
import pytest

from earmark.decisions.domain import Domain, fit_domain, statistics


def piece(level, spread=1.0, channels=1, seed=0):
    return level + spread * np.random.default_rng(seed).standard_normal((channels, 8, 400))


@pytest.fixture
def domain():
    return fit_domain(piece(level, seed=number) for number, level in enumerate(np.linspace(-2, 2, 41)))


def test_level_spread_and_change_of_every_channel():
    values = np.stack([np.tile([[0.0, 2.0]], (3, 5)), np.full((3, 10), 7.0)])
    assert statistics(values).tolist() == [[1, 1, 2], [7, 0, 0]]
    assert statistics(values[..., :1]).tolist() == [[0, 0, 0], [7, 0, 0]]


@pytest.mark.parametrize("level", [-2, 0, 2])
def test_what_was_learned_from_lies_inside(domain, level):
    assert domain.warning(piece(level, seed=20)) == ""


def test_what_lies_outside_is_named_with_its_range(domain):
    words = domain.warning(piece(9.0, seed=3))  # as loud as none, otherwise like the fourth
    assert words.startswith("unlike the music that the model learned from: fuller (level 9.02, at most 3.9")
    assert "spread" not in words
    assert "more uneven (spread 3" in domain.warning(piece(0.0, spread=3.0))
    assert "emptier (level -8.98, at least -3.9" in domain.warning(piece(-9.0, seed=3))


def test_channels_are_numbered_where_there_are_several():
    domain = fit_domain(piece(0.0, channels=2, seed=seed) for seed in range(9))
    fuller = piece(0.0, channels=2) + np.array([0, 9])[:, None, None]
    assert "level of channel 2" in domain.warning(fuller)
    assert "level of what sounds" in domain.warning(fuller, ["what begins", "what sounds"])


def test_it_comes_back_from_plain_values(domain):
    again = Domain.of(domain.as_dict())
    assert np.allclose(again.low, domain.low)
    assert np.allclose(again.high, domain.high)
    with pytest.raises(ValueError, match="3 numbers"):
        Domain.of({"low": [[1, 2]], "high": [[1, 2]]})
