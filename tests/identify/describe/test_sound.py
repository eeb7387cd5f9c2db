"""Any file as a WAV that compares with others."""

import numpy as np
import pytest
import soundfile

from earmark.foundation.errors import PieceError
from earmark.identify.describe import sound


def test_a_recording_is_brought_to_one_rate_and_channel(tmp_path, tone, write_sound, peak_hz):
    stereo = np.hstack([tone(440, 48_000, 2.0)] * 2)
    sound.write_sound(write_sound(stereo, 48_000, name="a.flac"), tmp_path / "out.wav")
    samples, rate_hz = soundfile.read(tmp_path / "out.wav", always_2d=True)
    assert (rate_hz, samples.shape) == (22_050, (44_100, 1))
    assert peak_hz(samples[:, 0], rate_hz) == pytest.approx(440, abs=1)


def test_midi_is_played_at_its_own_tempo(tmp_path, write_midi, note, peak_hz):
    midi = write_midi(note(0, 1920, 69))  # four beats at 120 a minute
    sound.write_sound(midi, tmp_path / "out.wav")
    samples, rate_hz = soundfile.read(tmp_path / "out.wav", always_2d=True)
    assert rate_hz == 22_050
    assert len(samples) / rate_hz == pytest.approx(2 + 1, abs=0.1)  # and a second of release
    assert peak_hz(samples[: 2 * rate_hz, 0], rate_hz) == pytest.approx(440, rel=0.02)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere.wav", "does not exist"),
        ("folder.wav", "is not a file"),
        ("notes.txt", "is neither MIDI nor"),
    ],
)
def test_what_is_no_music(tmp_path, name, reason):
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "notes.txt").write_text("la la")
    with pytest.raises(PieceError, match=reason):
        sound.write_sound(tmp_path / name, tmp_path / "out.wav")


@pytest.mark.parametrize("name", ["broken.mid", "broken.wav"])
def test_a_broken_file_is_said_in_one_line(tmp_path, name):
    (tmp_path / name).write_bytes(b"broken")
    with pytest.raises(PieceError) as caught:
        sound.write_sound(tmp_path / name, tmp_path / "out.wav")
    assert "\n" not in str(caught.value)
