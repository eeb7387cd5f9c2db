"""Key, against scales and cadences in all keys."""

import numpy as np
import pytest

from earmark.features.descriptors import Descriptors
from earmark.identify.describe.key_profile import KEYS, key_of

RATE_HZ = 22_050
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11, 12), "minor": (0, 2, 3, 5, 7, 8, 11, 12)}  # harmonic minor
# I, IV, V, I: of each chord the root, and third and fifth above it.
CADENCE = {
    "major": ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)),
}


def sung(chords):
    """Half a second of each chord (MIDI pitches), every note with five partials: (1, samples)."""
    time_s = np.arange(RATE_HZ // 2) / RATE_HZ
    fade = np.exp(-2 * time_s)
    sound = [
        sum(
            fade * np.sin(2 * np.pi * partial * 440 * 2 ** ((pitch - 69) / 12) * time_s) / partial**2
            for pitch in chord
            for partial in range(1, 6)
        )
        for chord in chords
    ]
    return (0.1 * np.concatenate(sound)).astype(np.float32)[None]


def key_of_sound(sound):
    return key_of(Descriptors()(sound, RATE_HZ)[0, -12:].mean(axis=1))


@pytest.mark.parametrize("number", range(24))
def test_a_scale_and_its_cadence_are_in_their_key(number):
    mode, tonic = ("major", "minor")[number // 12], 60 + number % 12
    scale = [(tonic + step,) for step in SCALES[mode]]
    cadence = [[tonic + step for step in chord] for chord in CADENCE[mode]]
    key, correlation = key_of_sound(sung([*scale, *cadence]))
    assert key == KEYS[number]
    assert 0.7 < correlation <= 1


@pytest.mark.parametrize("number", range(24))
def test_a_tonic_triad_is_in_its_key(number):
    """Of pitch classes; in sound, the third's own fifth may make a major triad minor."""
    chroma = np.zeros(12)
    chroma[[(number + step) % 12 for step in CADENCE[("major", "minor")[number // 12]][0]]] = 1
    assert key_of(chroma)[0] == KEYS[number]


def test_24_keys_by_name():
    assert len(set(KEYS)) == 24
    assert (KEYS[0], KEYS[3], KEYS[13], KEYS[21]) == ("C major", "Eb major", "C# minor", "A minor")


def test_transposed_chroma_is_a_transposed_key():
    chroma = np.random.default_rng(0).uniform(size=12)
    first, correlation = key_of(chroma)
    second, same = key_of(np.roll(chroma, 5))
    mode = KEYS.index(first) // 12
    assert KEYS.index(second) == 12 * mode + (KEYS.index(first) + 5) % 12
    assert same == pytest.approx(correlation)
    assert key_of(3 * chroma + 1) == (first, pytest.approx(correlation))


@pytest.mark.parametrize("level", [0.0, 0.7])
def test_no_pitch_class_above_another_is_no_key(level):
    assert key_of(np.full(12, level)) is None
