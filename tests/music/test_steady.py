"""Noise and hums are steady, music is not."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from earmark.music.steady import is_steady

RATE_HZ = 11_025


def noise(pole, seconds=8, seed=0):
    """Noise, peak 0.2: white for a pole at 0, brown for one near 1, blue for a negative one."""
    white = np.random.default_rng(seed).standard_normal(RATE_HZ * seconds)
    shaped = lfilter([1], [1, -pole], white)
    return 0.2 * shaped / np.abs(shaped).max()


def melody(seconds=8):
    """Three notes a second, each decaying."""
    time_s = np.arange(RATE_HZ * seconds) / RATE_HZ
    number = (3 * time_s).astype(int)
    hz = 220 * 2 ** (np.array([0, 4, 7, 12, 5, 9, 2])[number % 7] / 12)
    return 0.5 * np.sin(2 * np.pi * hz * time_s) * np.exp(-4 * (time_s - number / 3))


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pole=st.floats(-0.9, 0.98), seed=st.integers(0, 2**32 - 1))
def test_noise_of_any_colour_is_steady(write_sound, pole, seed):
    assert is_steady(write_sound(noise(pole, seed=seed), RATE_HZ))


@pytest.mark.parametrize("hz", [50, 100, 1_000])
def test_a_hum_is_steady_even_where_it_fades(write_sound, tone, hz):
    hum = tone(hz, RATE_HZ, 8, peak=0.3)
    assert is_steady(write_sound(hum, RATE_HZ))
    ramp = np.clip(np.arange(len(hum)) / RATE_HZ, 0, 1)[:, None]
    assert is_steady(write_sound(hum * ramp * ramp[::-1], RATE_HZ))


def test_a_melody_is_not_steady_nor_with_noise_added(write_sound):
    assert not is_steady(write_sound(melody(), RATE_HZ))
    assert not is_steady(write_sound(melody() + 0.1 * noise(0), RATE_HZ))
    assert not is_steady(write_sound(np.stack([melody(), noise(0)], axis=1), RATE_HZ))


def test_sound_of_less_than_two_seconds_is_not_called_steady(write_sound):
    assert not is_steady(write_sound(noise(0)[: int(1.99 * RATE_HZ)], RATE_HZ))
