"""Features of one WAV file, as one array on disk."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from earmark.features.mel import LogMel
from earmark.foundation.errors import PieceError
from earmark.music.extract import extract

FRONT_END = LogMel(n_fft=1024, win_length=1024, hop_length=256, n_mels=40)


class TorchFrontEnd(LogMel):
    """A front end in torch that returns `values(waveform, rate_hz)` as (1, 1, frames)."""

    def __init__(self, values):
        super().__init__()
        object.__setattr__(self, "values", values)

    @property
    def uses_torch(self):
        return True

    def __call__(self, waveform, rate_hz):
        return torch.tensor([[self.values(waveform, rate_hz)]])


@pytest.fixture
def extracted(tmp_path):
    """What `extract` wrote; the suffix is that of a temporary file of the store."""

    def run(wav, front_end=FRONT_END):
        extract(wav, front_end, tmp_path / ".x.tmp.npy")
        return np.load(tmp_path / ".x.tmp.npy")

    return run


@pytest.mark.parametrize("channels", [1, 2])
def test_the_array_is_float16_of_channels_bands_and_frames(tone, write_sound, extracted, channels):
    wav = write_sound(np.repeat(tone(440, 22_050), channels, axis=1), 22_050)
    features = extracted(wav)
    assert features.dtype == np.float16
    assert features.shape == (channels, 40, 1 + 22_050 // 256)


def test_values_are_those_of_the_front_end_as_exactly_as_float16_holds_them(tone, write_sound, extracted):
    sound = tone(440, 16_000)
    features = extracted(write_sound(sound, 16_000, subtype="FLOAT"))
    np.testing.assert_array_equal(features, FRONT_END(sound.T, 16_000).astype(np.float16))


def test_channels_are_not_mixed_up(tone, write_sound, extracted):
    stereo = np.hstack([tone(200, 22_050), tone(4_000, 22_050)])
    low, high = extracted(write_sound(stereo, 22_050))[:, :, 20].argmax(axis=1)
    assert low < high


def test_the_rate_of_the_file_reaches_the_front_end(tone, write_sound, extracted):
    front_end = TorchFrontEnd(lambda waveform, rate_hz: [rate_hz / 1000])

    assert extracted(write_sound(tone(440, 32_000), 32_000), front_end).tolist() == [[[32]]]


def test_what_float16_cannot_hold_is_brought_to_its_largest_value(tone, write_sound, extracted):
    front_end = TorchFrontEnd(lambda waveform, rate_hz: [1e6, -1e6, 1.0])

    assert extracted(write_sound(tone(440, 8_000), 8_000), front_end).tolist() == [[[65504, -65504, 1]]]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_sound_that_is_not_numbers_is_refused(tone, write_sound, tmp_path, value):
    sound = tone(440, 22_050)
    sound[7_000] = value
    with pytest.raises(PieceError, match="its features have values that are not numbers"):
        extract(write_sound(sound, 22_050, subtype="FLOAT"), FRONT_END, tmp_path / "x.npy")
    assert not (tmp_path / "x.npy").exists()


@pytest.mark.parametrize("samples", [0, 1, 512])
def test_too_short_a_piece_is_refused(write_sound, tmp_path, samples):
    with pytest.raises(PieceError, match=f"lasts {samples} samples, too short"):
        extract(write_sound(np.zeros((samples, 1)), 22_050), FRONT_END, tmp_path / "x.npy")


@pytest.mark.parametrize("content", [None, b"", b"no sound"])
def test_what_is_no_wav_file_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(PieceError, match="cannot be read as audio: "):
        extract(tmp_path / "x.wav", FRONT_END, tmp_path / "x.npy")


def test_torch_is_not_loaded_for_a_front_end_that_does_without(tone, write_sound, tmp_path):
    wav = write_sound(tone(440, 22_050), 22_050)
    words = f"""
import sys
from pathlib import Path
from earmark.music.extract import extract
from earmark.features.mel import LogMel
extract(Path({str(wav)!r}), LogMel(), Path({str(tmp_path / "x.npy")!r}))
sys.exit("torch" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", words]).returncode == 0


def test_torch_computes_in_one_thread_and_has_its_threads_back_afterwards(tone, write_sound, extracted):
    front_end = TorchFrontEnd(lambda waveform, rate_hz: [float(torch.get_num_threads())])

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert extracted(write_sound(tone(440, 8_000), 8_000), front_end).tolist() == [[[1]]]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
