"""Tempo, against clicks of a known tempo."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.foundation.errors import PieceError
from earmark.identify.describe.tempo import pulse_of, tempo_bpm


def clicks(bpm, rate_hz, seconds=15.0, hz=1_000.0):
    """Short bursts of a tone at equal distances: (1, samples)."""
    length = int(0.03 * rate_hz)
    burst = 0.8 * np.sin(2 * np.pi * hz * np.arange(length) / rate_hz) * np.hanning(length)
    sound = np.zeros(int(seconds * rate_hz), np.float32)
    for onset_s in np.arange(0.1, seconds - 0.1, 60 / bpm):
        start = int(onset_s * rate_hz)
        sound[start : start + length] += burst.astype(np.float32)
    return sound[None]


@given(bpm=st.floats(60, 165), rate_hz=st.sampled_from([16_000, 22_050, 44_100]))
@settings(deadline=None, max_examples=12)
def test_clicks_are_counted(bpm, rate_hz):
    assert tempo_bpm(clicks(bpm, rate_hz), rate_hz) == pytest.approx(bpm, rel=0.01)


@pytest.mark.parametrize("bpm", [175, 180])
def test_fast_clicks_are_taken_for_half_as_many_beats(bpm):
    """The known octave error: the log-normal prior prefers 90 to 180."""
    assert tempo_bpm(clicks(bpm, 22_050), 22_050) == pytest.approx(bpm / 2, rel=0.01)


def test_beats_are_found_below_a_sustained_tone_and_noise(tone):
    noise = np.random.default_rng(0).normal(0, 0.01, (1, 15 * 22_050))
    sound = clicks(100, 22_050) + 0.2 * tone(220, 22_050, 15.0).T + noise
    assert tempo_bpm(sound.astype(np.float32), 22_050) == pytest.approx(100, rel=0.01)


def test_quavers_between_loud_beats_do_not_double_the_tempo():
    beats, quavers = clicks(80, 22_050), clicks(160, 22_050)
    assert tempo_bpm(beats + 0.02 * quavers, 22_050) == pytest.approx(80, rel=0.01)


def test_loudness_and_channels_do_not_count():
    sound = clicks(96, 22_050)
    both = np.concatenate([sound, sound]) / 100
    assert tempo_bpm(both, 22_050) == pytest.approx(tempo_bpm(sound, 22_050), rel=1e-3)


@pytest.mark.parametrize("seconds", [2.5, 5.0])
def test_short_pieces(seconds):
    assert tempo_bpm(clicks(120, 22_050, seconds), 22_050) == pytest.approx(120, rel=0.03)


def test_what_has_no_onsets_has_no_tempo():
    assert tempo_bpm(np.zeros((1, 10 * 22_050), np.float32), 22_050) is None
    assert tempo_bpm(np.zeros((1, 0), np.float32), 22_050) is None
    assert tempo_bpm(clicks(120, 22_050, 1.9), 22_050) is None


def test_a_rate_of_no_music():
    with pytest.raises(PieceError, match="100 Hz is not one of music"):
        tempo_bpm(np.random.default_rng(0).normal(size=(1, 1_000)).astype(np.float32), 100)


def test_a_pulse_is_as_clear_as_it_is_regular():
    random = np.random.default_rng(0)
    even = pulse_of(clicks(100, 22_050), 22_050)
    noise = pulse_of(random.normal(0, 0.1, (1, 15 * 22_050)).astype(np.float32), 22_050)
    halves = pulse_of(clicks(100, 22_050) + 0.1 * clicks(73, 22_050), 22_050)
    assert even.clarity > 0.9 > halves.clarity > noise.clarity
    assert 0 <= noise.clarity < 0.2
    assert pulse_of(np.zeros((1, 100_000), np.float32), 22_050) is None
