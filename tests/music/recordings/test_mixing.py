"""Channels of opposite phase: when they are turned, and that the music is then kept."""

import numpy as np
import pytest

from earmark.music.recordings.mixing import ChannelProducts

RANDOM = np.random.default_rng(0)
ONE, OTHER = RANDOM.standard_normal((2, 5000)).astype(np.float32)


def signs(*channels):
    products = ChannelProducts()
    sound = np.stack(channels, axis=1)
    blocks = [sound[:2000], sound[2000:]]
    passed = list(products.passing(blocks))
    assert products.samples == len(sound)
    np.testing.assert_array_equal(np.concatenate(passed), sound)
    return products.signs()


@pytest.mark.parametrize(
    "channels",
    [
        (ONE,),
        (ONE, ONE),
        (ONE, OTHER),
        (ONE, 0 * ONE),
        (0 * ONE, 0 * ONE),
        (ONE + OTHER, ONE - OTHER),  # wide, as many mixes are
        (ONE, -0.4 * ONE),
        (ONE, OTHER, -ONE, OTHER),
        (np.full(5000, np.nan, np.float32), -ONE),
    ],
)
def test_a_mixture_that_keeps_the_music_is_left_alone(channels):
    assert signs(*channels) is None


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ((ONE, -ONE), [1, -1]),
        ((-0.8 * ONE, ONE), [-1, 1]),
        ((ONE + 0.05 * OTHER, 0.05 * OTHER - ONE), [1, -1]),
        ((ONE, -ONE, ONE, -ONE), [1, -1, 1, -1]),
        ((ONE, ONE, -ONE, -ONE, 0 * ONE, 0 * ONE), [1, 1, -1, -1, 1, 1]),
    ],
)
def test_opposite_channels_are_turned(channels, expected):
    found = signs(*channels)
    assert found is not None
    found = found if found[0] == expected[0] else -found  # both ways round are right for equal channels
    np.testing.assert_array_equal(found, expected)
