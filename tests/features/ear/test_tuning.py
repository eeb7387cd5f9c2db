"""The tuning of tones that are so many cents off."""

import numpy as np
import pytest

from earmark.features.ear.spectrum import RATE_HZ
from earmark.features.ear.tuning import tuning_cents


def chords(cents, duration_s=4.0):
    """A triad of tones with six partials each, in equal temperament `cents` above A = 440 Hz."""
    time_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    sound = np.zeros(len(time_s))
    for pitch in (57, 61, 64):
        hz = 440 * 2 ** ((pitch - 69) / 12 + cents / 1200)
        for partial in (1, 2, 4):  # octaves: other partials of a struck string lie off the semitones
            sound += np.sin(2 * np.pi * hz * partial * time_s) / partial
    return (sound / np.abs(sound).max()).astype(np.float32)


@pytest.mark.parametrize("cents", [-45, -20, 0, 7, 30, 45])
def test_the_tuning_is_measured_within_2_cents(cents):
    assert tuning_cents(chords(cents)) == pytest.approx(cents, abs=2)


def test_loudness_does_not_matter():
    assert tuning_cents(chords(30) * 1e-3) == pytest.approx(tuning_cents(chords(30)), abs=0.1)


@pytest.mark.parametrize("samples", [0, 100, 3 * RATE_HZ])
def test_silence_and_moments_have_no_tuning(samples):
    assert tuning_cents(np.zeros(samples, np.float32)) == 0.0
