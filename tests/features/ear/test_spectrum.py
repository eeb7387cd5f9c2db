"""The constant-Q spectrum and its harmonics: frequencies, levels, shifts."""

import numpy as np
import pytest

from earmark.features.ear.spectrum import (
    BANDS_PER_SEMITONE,
    HARMONICS,
    LOWEST_PITCH,
    PITCHES,
    RATE_HZ,
    SEMITONES_BELOW,
    band_hz,
    constant_q,
    harmonic_stack,
)


def sine(hz, duration_s=1.0):
    return np.sin(2 * np.pi * hz * np.arange(int(duration_s * RATE_HZ)) / RATE_HZ).astype(np.float32)


def row_of(pitch):
    """The band in tune with a pitch."""
    return (pitch - LOWEST_PITCH + SEMITONES_BELOW) * BANDS_PER_SEMITONE + 1


def test_three_bands_a_semitone_of_which_the_middle_one_is_in_tune():
    assert band_hz()[row_of(69)] == pytest.approx(440)
    assert band_hz()[row_of(57)] == pytest.approx(220)
    assert band_hz()[row_of(69) + 1] / 440 == pytest.approx(2 ** (1 / 36))
    assert band_hz(30)[row_of(69)] == pytest.approx(440 * 2 ** (30 / 1200))


@pytest.mark.parametrize("pitch", [45, 60, 69, 93])
def test_a_sine_of_full_scale_has_0_db_in_its_band_and_less_in_all_others(pitch):
    levels = constant_q(sine(440 * 2 ** ((pitch - 69) / 12)))[:, 20]
    assert int(levels.argmax()) == row_of(pitch)
    assert float(levels.max()) == pytest.approx(0, abs=0.1)


def test_bands_follow_the_tuning():
    in_tune = constant_q(sine(440))[:, 20]
    sharp = constant_q(sine(440 * 2 ** (40 / 1200)), tuning_cents=40)[:, 20]
    near = slice(row_of(69) - 3, row_of(69) + 4)
    assert in_tune[near] == pytest.approx(sharp[near], abs=0.3)


def test_a_channel_holds_the_bands_of_its_harmonic():
    decibels = np.repeat(np.linspace(-80, 0, len(band_hz()), dtype=np.float32)[:, None], 3, axis=1)
    stack = harmonic_stack(decibels)
    assert stack.shape == (len(HARMONICS), BANDS_PER_SEMITONE * PITCHES, 3)
    octave_below, fundamental, octave = (stack[HARMONICS.index(h)] for h in (0.5, 1, 2))
    np.testing.assert_array_equal(octave[:-36], fundamental[36:])
    np.testing.assert_array_equal(octave_below[36:], fundamental[:-36])


def test_a_transposition_is_a_shift():
    rng = np.random.default_rng(0)
    decibels = rng.uniform(-60, 0, (len(band_hz()), 2)).astype(np.float32)
    higher = np.roll(decibels, 2 * BANDS_PER_SEMITONE, axis=0)
    one, other = (harmonic_stack(part, loudest=0.0) for part in (decibels, higher))
    inside = slice(60, 120)
    np.testing.assert_array_equal(other[:, 66:126], one[:, inside])
