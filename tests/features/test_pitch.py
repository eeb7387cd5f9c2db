"""Pitch spectrogram: a tone's strongest band is its pitch, a transposition is a shift."""

from dataclasses import replace

import numpy as np
import pytest

from earmark.features.pitch import PitchSpectrogram

FRONT_END = PitchSpectrogram()
RATES_HZ = (16_000, 22_050, 44_100)


def hz_of(pitch):
    return 440 * 2 ** ((pitch - 69) / 12)


def middle(spectrogram):
    return spectrogram[0, :, spectrogram.shape[2] // 2]


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_every_semitone_and_third_of_one_has_its_band(tone, rate_hz):
    FRONT_END.check(rate_hz)
    bands = np.arange(3 * (26 - 24), 252, 5)  # from D1 on, every kind of third
    strongest = [
        middle(FRONT_END(tone(hz_of(24 + band / 3), rate_hz, 0.8).T, rate_hz)).argmax() for band in bands
    ]
    np.testing.assert_array_equal(strongest, bands)


@pytest.mark.parametrize(("rate_hz", "semitones"), [(16_000, 1), (22_050, 7), (44_100, 12)])
def test_a_transposed_chord_is_shifted(tone, rate_hz, semitones):
    def chord(shift):
        notes = [tone(hz_of(pitch + shift), rate_hz, 1.0, peak=0.2) for pitch in (57, 61, 64, 69)]
        return middle(FRONT_END(sum(notes).T, rate_hz))

    def peaks(column):
        return set(np.flatnonzero((column[1:-1] > column[:-2]) & (column[1:-1] > column[2:])) + 1)

    low = {band for band in peaks(chord(0)) if chord(0)[band] > -20}
    high = {band for band in peaks(chord(semitones)) if chord(semitones)[band] > -20}
    assert low == {3 * (pitch - 24) for pitch in (57, 61, 64, 69)}
    assert high == {band + 3 * semitones for band in low}


@pytest.mark.parametrize(("rate_hz", "pitch"), [(16_000, 36), (22_050, 60), (44_100, 96)])
def test_full_scale_is_0_decibels(tone, pitch, rate_hz):
    column = middle(FRONT_END(tone(hz_of(pitch), rate_hz, 1.0, peak=1.0).T, rate_hz))
    assert column.max() == pytest.approx(0, abs=0.05)


def test_bands_of_neighbouring_semitones_are_told_apart_from_a2_on(tone):
    column = middle(FRONT_END(tone(hz_of(45), 22_050, 1.0).T, 22_050))
    at = 3 * (45 - 24)
    assert column[at] - max(column[at - 3], column[at + 3]) > 6  # dB
    assert column[at] - max(column[at - 12], column[at + 12]) > 40


def test_two_notes_of_the_bass_are_two_in_time(tone):
    rate_hz = 22_050
    sound = np.concatenate([tone(hz_of(40), rate_hz, 1.0), tone(hz_of(47), rate_hz, 1.0)]).T
    spectrogram = FRONT_END(sound, rate_hz)[0]
    assert spectrogram[:, 7].argmax() == 3 * (40 - 24)  # 0.7 s
    assert spectrogram[:, 13].argmax() == 3 * (47 - 24)


def test_the_lowest_pitch_is_the_first_band(tone):
    coarse = replace(FRONT_END, lowest_pitch=60, octaves=2, bands_per_semitone=1)
    column = middle(coarse(tone(hz_of(65), 22_050).T, 22_050))
    assert (len(column), column.argmax()) == (24, 5)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_shape_and_frames_a_second(rate_hz):
    sound = np.random.default_rng(0).normal(0, 0.1, (2, 3 * rate_hz + 7)).astype(np.float32)
    assert FRONT_END(sound, rate_hz).shape == (FRONT_END.channels(2), FRONT_END.bands(), 31)
    assert FRONT_END.frame_rate_hz(rate_hz) == pytest.approx(10)
    assert FRONT_END.bands() == len(FRONT_END.band_hz()) == 252


def test_silence_and_the_range_below_the_maximum(tone):
    assert set(np.unique(FRONT_END(np.zeros((1, 9_000), np.float32), 22_050))) == {-100}
    spectrogram = FRONT_END(tone(440, 22_050, peak=1.0).T, 22_050)
    assert np.ptp(spectrogram) == pytest.approx(80, abs=1e-3)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"octaves": 0}, "octaves and bands_per_semitone must be 1 or more"),
        ({"bands_per_semitone": 0}, "octaves and bands_per_semitone must be 1 or more"),
        ({"lowest_pitch": 128}, "lowest_pitch=128 must lie within 0 and 127"),
        ({"octaves": 9}, "the highest band, 16425 Hz, must lie below half of audio.sample_rate=22050"),
        ({"hop_s": 0.0}, "0 < hop_s <= window_s"),
        ({"hop_s": 0.5}, "0 < hop_s <= window_s"),
        ({"window_s": 0.05, "hop_s": 0.02}, "two periods of the lowest band, 32.7 Hz"),
        ({"top_db": -1.0}, "top_db=-1 must be 0 or more"),
    ],
)
def test_settings_that_cannot_work_are_refused(changed, reason):
    FRONT_END.check(22_050)
    with pytest.raises(ValueError, match="features") as caught:
        replace(FRONT_END, **changed).check(22_050)
    assert reason in str(caught.value)
