"""Key profiles: a transposition moves the answer by as much, and one key learned is all keys learned."""

import numpy as np
import pytest

from earmark.models.key_profiles import KEY_COUNT, KeyProfiles
from earmark.models.notes.passage import KEY_PROFILES

MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
EMPHASIS = (4, 1, 2, 1, 3, 1, 1)  # of the degrees: tonic, dominant and third are heard most


def scale(tonic, degrees, octaves=(2, 3, 4), frames=30):
    """A clip in which the degrees of a scale sound for as long as they are emphasised."""
    clip = np.zeros((2, 88, frames), np.float32)
    for octave in octaves:
        for degree, weight in zip(degrees, EMPHASIS, strict=True):
            row = 12 * octave + (tonic + degree) % 12 + 3  # row 3 is C
            clip[0, row, :weight] = 1.0
            clip[1, row, : 4 * weight] = 1.0
    return clip


@pytest.fixture(scope="module")
def model():
    """Fitted on C major and on A minor alone."""
    network = KeyProfiles(channels=2, bands=88, frames=30, classes=KEY_COUNT, penalty=0.01)
    clips = np.stack([scale(0, MAJOR), scale(9, MINOR)])
    network.fit(network.summarise(clips), np.array([0, 12 + 9]), np.ones(2), seed=0)
    return network


@pytest.mark.parametrize("tonic", range(12))
def test_keys_that_were_never_heard_are_known(model, tonic):
    major, minor = model.forward(np.stack([scale(tonic, MAJOR), scale(tonic, MINOR)])).argmax(axis=1)
    assert (major, minor) == (tonic, 12 + tonic)


def test_a_transposition_rotates_the_scores(model):
    base, up = model.forward(np.stack([scale(0, MAJOR), scale(5, MAJOR)])).reshape(2, 2, 12)
    np.testing.assert_allclose(up, np.roll(base, 5, axis=-1), rtol=1e-4, atol=1e-4)


def test_octave_and_loudness_do_not_count(model):
    clips = np.stack([scale(2, MAJOR), scale(2, MAJOR, octaves=(4, 5)), 0.5 * scale(2, MAJOR)])
    first, *others = model.forward(clips)
    for other in others:
        np.testing.assert_allclose(other, first, rtol=1e-4, atol=1e-4)


def test_few_pieces_leave_the_profiles_of_listeners_as_they_are():
    network = KeyProfiles(2, 88, 30, KEY_COUNT, penalty=1e4, listeners=4.0)
    clips = np.stack([scale(0, MAJOR), scale(9, MINOR)])
    network.fit(network.summarise(clips), np.array([0, 12 + 9]), np.ones(2), seed=0)
    np.testing.assert_allclose(network.weight, 4 * np.tile(KEY_PROFILES, 2), atol=1e-3)


@pytest.mark.parametrize("tonic", range(12))
def test_what_is_heard_everywhere_does_not_hide_the_key(tonic):
    """Clean scales teach; in a recording every degree is heard a little."""
    network = KeyProfiles(2, 88, 30, KEY_COUNT, penalty=0.01, listeners=4.0)
    clips = np.stack([scale(0, MAJOR), scale(9, MINOR)])
    network.fit(network.summarise(clips), np.array([0, 12 + 9]), np.ones(2), seed=0)
    noisy = np.stack([scale(tonic, MAJOR), scale(tonic, MINOR)]) + np.float32(0.05)
    assert network.forward(noisy).argmax(axis=1).tolist() == [tonic, 12 + tonic]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"listeners": -1.0}, "listeners=-1"),
        ({"bands": 84}, "features=notes"),
        ({"classes": 12}, "24 keys"),
        ({"penalty": 0.0}, "penalty=0"),
    ],
)
def test_what_cannot_work_is_refused(changed, words):
    with pytest.raises(ValueError, match=words):
        KeyProfiles(
            **{"channels": 2, "bands": 88, "frames": 9, "classes": KEY_COUNT, "penalty": 0.1} | changed
        )
