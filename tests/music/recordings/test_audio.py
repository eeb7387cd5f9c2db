"""Recorded sound: read, brought to rate and channels, measured."""

import os

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earmark.foundation.errors import PieceError
from earmark.music.recordings.audio import (
    BLOCK,
    Format,
    blocks_of,
    measure_sound,
    read_waveform,
    resampled,
    write_wav,
)
from earmark.music.recordings.decode import decode

FORMATS = [
    ("sound.wav", {}, 1e-4),
    ("sound.wav", {"subtype": "FLOAT"}, 1e-6),
    ("sound.wav", {"subtype": "PCM_24"}, 1e-6),
    ("sound.flac", {}, 1e-4),
    ("sound.aiff", {}, 1e-4),
    ("sound.ogg", {}, 0.03),
    ("sound.mp3", {}, 0.03),
]


def whole(blocks):
    return np.concatenate(list(blocks))


def rms(waveform):
    return float(np.sqrt(np.mean(np.square(waveform, dtype=np.float64))))


def bring(waveform, rate_hz, to_hz, channels=1):
    return whole(resampled([waveform], rate_hz, Format(to_hz, channels)))


@pytest.mark.parametrize(("name", "options", "tolerance"), FORMATS)
def test_a_recording_is_read_as_it_was_written(tone, write_sound, peak_hz, name, options, tolerance):
    written = np.hstack([tone(440, 44_100), tone(660, 44_100, peak=0.25)])
    rate_hz, blocks = blocks_of(write_sound(written, 44_100, name, **options))
    read = whole(blocks)
    assert rate_hz == 44_100
    assert read.dtype == np.float32
    assert read.shape == (pytest.approx(44_100, abs=2500 if name.endswith("mp3") else 0), 2)
    middle = read[11_025:33_075]  # whole periods
    assert peak_hz(middle[:, 0], rate_hz) == pytest.approx(440, abs=0.5)
    assert peak_hz(middle[:, 1], rate_hz) == pytest.approx(660, abs=0.5)
    assert rms(middle[:, 0]) == pytest.approx(0.5 / np.sqrt(2), rel=tolerance)
    assert rms(middle[:, 1]) == pytest.approx(0.25 / np.sqrt(2), rel=tolerance)


@pytest.mark.parametrize(("name", "options", "tolerance"), FORMATS)
def test_a_recording_is_decoded_to_the_format_of_the_pipeline(
    tone, write_sound, tmp_path, peak_hz, name, options, tolerance
):
    wav = tmp_path / "decoded.wav"
    decode(write_sound(tone(440, 44_100, 2), 44_100, name, **options), Format(16_000, 1), 0, wav)
    info = soundfile.info(wav)
    assert (info.samplerate, info.channels, info.format, info.subtype) == (16_000, 1, "WAV", "PCM_16")
    sound, _ = soundfile.read(wav)
    assert peak_hz(sound[4_000:28_000], 16_000) == pytest.approx(440, abs=0.5)
    assert rms(sound[4_000:28_000]) == pytest.approx(0.5 / np.sqrt(2), rel=max(tolerance, 1e-4))


def test_16_bits_in_the_right_format_pass_unchanged(write_sound, tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32768, (100_000, 2)).astype(np.int16)
    decode(write_sound(samples, 22_050), Format(22_050, 2), 0, tmp_path / "decoded.wav")
    np.testing.assert_array_equal(soundfile.read(tmp_path / "decoded.wav", dtype="int16")[0], samples)


@pytest.mark.parametrize("max_s", [0.5, 2.0, 3.1])
def test_the_first_seconds_are_read_where_a_limit_says_so(tone, write_sound, tmp_path, max_s):
    path = write_sound(tone(440, 44_100, 3), 44_100)
    decode(path, Format(22_050, 1), max_s, tmp_path / "decoded.wav")
    assert soundfile.info(tmp_path / "decoded.wav").duration == pytest.approx(min(max_s, 3), abs=1e-4)
    _, blocks = blocks_of(path, max_s)
    assert sum(map(len, blocks)) == round(min(max_s, 3) * 44_100)


ODD_NAMES = (
    *(b"caf\xe9.wav", b"line\nend\r.wav", b"\x1b[31m.wav", "👩\u200d🎤.wav".encode(), b"x" * 251 + b".wav"),
)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_file_may_be_called_anything(tone, write_sound, tmp_path, name):
    path = tmp_path / os.fsdecode(name)
    write_sound(tone(440, 8000), 8000).rename(path)
    waveform, rate_hz = read_waveform(path)
    assert (waveform.shape, rate_hz) == ((1, 8000), 8000)
    assert np.array_equal(whole(blocks_of(path)[1]).T, waveform)


def test_blocks_are_small_and_in_order(write_sound):
    samples = np.arange(-32768, 32768, dtype=np.int16).repeat(4)
    blocks = list(blocks_of(write_sound(samples, 44_100))[1])
    assert max(map(len, blocks)) == BLOCK < len(samples)
    np.testing.assert_array_equal(whole(blocks)[:, 0] * 32768, samples)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "PCM_U8"])
def test_a_whole_file_and_its_blocks_are_what_libsndfile_reads(write_sound, subtype):
    written = np.random.default_rng(0).uniform(-1, 1, (BLOCK + 5, 2)).astype(np.float32)
    written[:2] = 1, -1
    wav = write_sound(written, 22_050, subtype=subtype)
    expected, _ = soundfile.read(wav, dtype="float32")
    waveform, rate_hz = read_waveform(wav)
    assert (waveform.dtype, rate_hz) == (np.float32, 22_050)
    np.testing.assert_array_equal(waveform, expected.T)
    np.testing.assert_array_equal(whole(blocks_of(wav)[1]), expected)


def test_stereo_is_mixed_to_mono_by_its_mean(tone):
    left, right = tone(440, 8_000), tone(660, 8_000)
    stereo = np.hstack([left, right])
    np.testing.assert_allclose(bring(stereo, 8_000, 8_000), (left + right) / 2, atol=1e-7)
    np.testing.assert_allclose(bring(np.hstack([left, -left]), 8_000, 8_000), 0, atol=1e-7)


def test_mono_becomes_two_equal_channels(tone):
    mono = tone(440, 8_000)
    np.testing.assert_array_equal(bring(mono, 8_000, 8_000, channels=2), np.hstack([mono, mono]))


def test_what_has_the_right_format_is_left_alone(tone):
    stereo = np.hstack([tone(440, 8_000), tone(660, 8_000)])
    np.testing.assert_array_equal(bring(stereo, 8_000, 8_000, channels=2), stereo)


def test_more_channels_are_mixed_too(tone):
    parts = [tone(hz, 8_000) for hz in (300, 400, 500, 600, 700, 800)]
    mixed = bring(np.hstack(parts), 8_000, 8_000, channels=2)
    np.testing.assert_allclose(mixed, np.hstack([sum(parts) / 6] * 2), atol=1e-6)


RATES_HZ = st.sampled_from([8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000])


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(from_hz=RATES_HZ, to_hz=RATES_HZ, share=st.floats(0.05, 0.85))
def test_a_resampled_tone_keeps_its_frequency_its_level_and_its_length(tone, peak_hz, from_hz, to_hz, share):
    hz = share * min(from_hz, to_hz) / 2  # below half of both rates, less the filter's transition
    sound = bring(tone(hz, from_hz), from_hz, to_hz)
    assert len(sound) == pytest.approx(to_hz, abs=1)
    inner = sound[to_hz // 10 : -to_hz // 10]  # away from the edges, where the filter meets silence
    assert peak_hz(inner[:, 0], to_hz) == pytest.approx(hz, abs=0.5)
    assert 20 * np.log10(rms(inner) * np.sqrt(2) / 0.5) == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("to_hz", [8_000, 22_050])
def test_what_a_lower_rate_cannot_hold_is_removed_and_makes_no_alias(tone, to_hz):
    sound = bring(tone(0.6 * to_hz, 44_100), 44_100, to_hz)
    assert 20 * np.log10(rms(sound[to_hz // 10 : -to_hz // 10]) + 1e-12) < -90


def test_blocks_resample_as_the_whole_does(tone):
    sound = np.hstack([tone(440, 44_100, 2), tone(1000, 44_100, 2)])
    blocks = np.split(sound, [1, 2, 1000, 1001, 40_000, 80_000])
    parts = whole(resampled(blocks, 44_100, Format(16_000, 2)))
    np.testing.assert_allclose(parts, bring(sound, 44_100, 16_000, channels=2), atol=1e-6)


def test_too_loud_a_sound_is_clipped_and_not_wrapped_around(tone, tmp_path):
    loud = tone(100, 8_000, peak=4.0)
    write_wav([loud], Format(8_000, 1), tmp_path / "loud.wav")
    read, _ = soundfile.read(tmp_path / "loud.wav", always_2d=True)
    np.testing.assert_allclose(read, np.clip(loud, -1, 1), atol=1e-4)


BAD = {
    "empty file": (b"", "cannot be read as audio: Format not recognised"),
    "text": (b"Johann Sebastian Bach, BWV 66.6\n" * 50, "cannot be read as audio: Format not recognised"),
    "header only": (b"RIFF\x24\x00\x00\x00WAVE", "cannot be read as audio: "),
    "missing": (None, "cannot be read as audio: System error"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("read", [blocks_of, measure_sound])
def test_what_is_no_recording_says_why(tmp_path, case, read):
    content, reason = BAD[case]
    if content is not None:
        (tmp_path / "sound.wav").write_bytes(content)
    with pytest.raises(PieceError) as caught:
        read(tmp_path / "sound.wav")
    assert str(caught.value).startswith(reason)


def test_a_recording_without_samples_says_so(write_sound, tmp_path):
    path = write_sound(np.zeros((0, 1)), 44_100)
    with pytest.raises(PieceError, match="audio file without samples"):
        decode(path, Format(8_000, 1), 0, tmp_path / "decoded.wav")


@pytest.mark.parametrize("rate_hz", [3_999, 768_001])
def test_a_rate_that_is_not_one_of_music_is_refused(tone, write_sound, tmp_path, rate_hz):
    path = write_sound(tone(10, 8_000), rate_hz)
    with pytest.raises(PieceError, match=f"its sampling rate of {rate_hz} Hz is not one of music"):
        decode(path, Format(8_000, 1), 0, tmp_path / "decoded.wav")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("to_hz", [16_000, 44_100])
def test_values_that_are_not_numbers_are_refused(tone, write_sound, tmp_path, value, to_hz):
    sound = tone(440, 44_100, 3)
    sound[100_000] = value
    path = write_sound(sound, 44_100, subtype="FLOAT")
    with pytest.raises(PieceError, match="the sound has values that are not numbers"):
        decode(path, Format(to_hz, 1), 0, tmp_path / "decoded.wav")


@pytest.mark.parametrize("name", ["sound.wav", "sound.flac", "sound.ogg", "sound.mp3"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_recording_cut_short_is_read_as_far_as_it_goes_or_says_why(tone, write_sound, name, share):
    path = write_sound(tone(440, 44_100, 5), 44_100, name)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    try:
        sound, reason = measure_sound(path), ""
    except PieceError as error:
        sound, reason = None, str(error)
    if sound is None:  # how much libsndfile needs depends on its version
        assert name != "sound.wav"
        assert reason == "audio file without samples" or reason.startswith("cannot be read as audio: ")
    else:
        assert sound.duration_s <= 5
        assert sound.peak == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("peak", [0.01, 0.5, 0.9])
@pytest.mark.parametrize("seconds", [0.1, 4.0])  # less than a block, and more
def test_the_rms_of_a_sine_is_its_peak_over_the_root_of_2(tone, write_sound, peak, seconds):
    sound = measure_sound(write_sound(tone(440, 44_100, seconds, peak), 44_100, subtype="FLOAT"))
    assert sound.duration_s == pytest.approx(seconds)
    assert sound.peak == pytest.approx(peak, rel=1e-3)
    assert sound.rms == pytest.approx(peak / np.sqrt(2), rel=1e-5)
    assert sound.clipped_share == 0
    assert sound.finite


def test_a_square_wave_is_clipped_in_its_sounding_part_and_silence_is_not(tone, tmp_path):
    square = np.sign(tone(100.5, 8_000) + 1e-9).astype(np.float32)
    for kept, share in [(1.0, 1.0), (0.5, 0.5), (0.0, 0.0)]:
        sound = np.where(np.arange(8_000)[:, None] < kept * 8_000, square, 0).astype(np.float32)
        write_wav([sound], Format(8_000, 1), tmp_path / "square.wav")
        measured = measure_sound(tmp_path / "square.wav")
        assert measured.clipped_share == pytest.approx(share)
        assert measured.rms == pytest.approx(np.sqrt(share), abs=1e-4)


def test_one_channel_of_two_counts_half(tone, write_sound):
    stereo = np.hstack([tone(440, 8_000), np.zeros((8_000, 1), np.float32)])
    sound = measure_sound(write_sound(stereo, 8_000, subtype="FLOAT"))
    assert sound.rms == pytest.approx(0.5 / 2, rel=1e-5)
    assert sound.duration_s == 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_a_number_is_told_and_the_rest_measured(tone, write_sound, value):
    sound = tone(440, 8_000)
    sound[17] = value
    measured = measure_sound(write_sound(sound, 8_000, subtype="FLOAT"))
    assert not measured.finite
    assert np.isfinite([measured.peak, measured.rms, measured.clipped_share]).all()
