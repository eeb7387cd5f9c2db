"""Numbers of pieces."""

import math

import numpy as np
import pytest

from earmark.features.descriptors import Descriptors
from earmark.foundation.errors import PieceError
from earmark.identify.describe.numbers import describe_file, describe_sound, read_sound

RATE_HZ = 22_050


def test_a_tone_s_row(tone, write_sound):
    row = describe_file(write_sound(tone(440, RATE_HZ, 3.0), RATE_HZ))
    assert row["duration_s"] == 3
    assert row["zero_crossing_rate_mean"] == pytest.approx(2 * 440 / RATE_HZ, rel=0.02)
    assert row["rms_mean"] == pytest.approx(0.5 / math.sqrt(2), rel=0.03)
    assert max((row[f"chroma_{name}_mean"], name) for name in ("A", "A#", "G#", "E", "D"))[1] == "A"
    assert row["key"].startswith("A ")


def test_columns_are_the_mean_and_the_deviation_of_every_row(tone):
    descriptors = Descriptors(n_mfcc=13)
    sound = tone(440, RATE_HZ, 3.0).T * np.linspace(0, 1, 3 * RATE_HZ, dtype=np.float32)
    row = describe_sound(sound, RATE_HZ, descriptors)
    values = descriptors(sound, RATE_HZ)[0]
    for name, over_time in zip(descriptors.names(), values, strict=True):
        assert row[f"{name}_mean"] == pytest.approx(over_time.mean(), rel=1e-4, abs=1e-5)
        assert row[f"{name}_sd"] == pytest.approx(over_time.std(), rel=1e-4, abs=1e-5)
    assert len(row) == 5 + 2 * descriptors.bands()


@pytest.mark.parametrize("cents", [-45, -30, 0, 30, 45])
def test_music_off_concert_pitch_keeps_its_key(tone, cents):
    """A scale of D major with its triad, played sharp or flat."""
    degrees = (2, 4, 6, 7, 9, 11, 13, 14, 2, 6, 9, 14)
    sound = np.concatenate(
        [tone(261.63 * 2 ** ((degree + cents / 100) / 12), RATE_HZ, 0.5) for degree in degrees]
    ).T
    row = describe_sound(sound, RATE_HZ)
    assert row["key"] == "D major"
    assert row["tuning_cents"] == pytest.approx(cents, abs=3)


def test_noise_crosses_zero_more_often_than_a_string(tone):
    """What the comparison of two songs by zero crossings rests on."""
    noise = np.random.default_rng(0).normal(0, 0.1, (1, 2 * RATE_HZ)).astype(np.float32)
    percussive, plucked = (describe_sound(sound, RATE_HZ) for sound in (noise, tone(196, RATE_HZ, 2.0).T))
    for name in ("zero_crossing_rate_mean", "spectral_centroid_hz_mean"):
        assert percussive[name] > 10 * plucked[name]


def test_silence_has_neither_tempo_nor_key():
    row = describe_sound(np.zeros((1, 3 * RATE_HZ), np.float32), RATE_HZ)
    assert (row["tempo_bpm"], row["key"], row["key_correlation"]) == (None, "", None)
    assert row["rms_mean"] == 0


def test_a_file_of_both_channels_is_read_as_it_is(tone, write_sound):
    left, right = tone(220, RATE_HZ), tone(330, RATE_HZ)
    waveform, rate_hz = read_sound(write_sound(np.hstack([left, right]), RATE_HZ, subtype="FLOAT"))
    np.testing.assert_array_equal(waveform, np.hstack([left, right]).T)
    assert rate_hz == RATE_HZ


def test_what_is_no_sound_is_said(tmp_path, write_sound):
    (tmp_path / "no.wav").write_text("no sound")
    with pytest.raises(PieceError, match="cannot be read as audio"):
        describe_file(tmp_path / "no.wav")
    broken = write_sound(np.full((100, 1), np.nan, np.float32), RATE_HZ, subtype="FLOAT")
    with pytest.raises(PieceError, match="not numbers"):
        describe_file(broken)
