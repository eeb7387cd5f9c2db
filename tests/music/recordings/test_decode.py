"""Recordings decoded whole, where libsndfile alone would fail or stop early.

Files are made by libsndfile and then broken as people's files are; FFmpeg is the real one.
"""

import shutil
import struct
import subprocess

import numpy as np
import pytest
import soundfile

from earmark.foundation.errors import PieceError
from earmark.music.recordings.audio import Format
from earmark.music.recordings.decode import decode
from earmark.music.recordings.expected import expected, unheard
from earmark.music.recordings.formats import format_of
from earmark.music.recordings.mpeg_frames import frame_at

FORMAT = Format(16_000, 1)
LASTS_S = 6.0
with_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


@pytest.fixture
def music():
    """Two channels of notes, loud at first and then soft, so that bit rates change."""
    time_s = np.arange(int(LASTS_S * 44_100)) / 44_100
    notes = np.sin(2 * np.pi * 220 * 2 ** (np.floor(time_s * 4) % 12 / 12) * time_s)
    noise = np.random.default_rng(0).standard_normal(len(time_s))
    sound = 0.3 * notes + np.where(time_s < 1.5, 0.2, 0.0) * noise
    return np.stack([sound, 0.8 * sound], axis=1)


@pytest.fixture
def bytes_of(tmp_path, music):
    """The music as the bytes of a file."""

    def encode(rate_hz=44_100, sound=music, **options):
        file = tmp_path / "encoded"
        soundfile.write(file, sound, rate_hz, **options)
        return file.read_bytes()

    return encode


@pytest.fixture
def hear(tmp_path):
    """Decode bytes of a file of some name: its duration (s), level (RMS), and what is not heard."""

    def heard(content, name="sound", max_s=0.0):
        (tmp_path / name).write_bytes(content)
        decode(tmp_path / name, FORMAT, max_s, tmp_path / "heard.wav")
        sound, rate_hz = soundfile.read(tmp_path / "heard.wav")
        assert (rate_hz, sound.ndim) == (FORMAT.rate_hz, 1)
        lasts_s = len(sound) / rate_hz
        lost = unheard(tmp_path / name, format_of(tmp_path / name), lasts_s, max_s)
        return lasts_s, float(np.sqrt(np.mean(sound**2))), lost

    return heard


def without_table(mp3):
    """An MP3 without its first frame, which holds the Xing table."""
    frame = frame_at(mp3, 0)
    assert frame is not None
    assert b"Xing" in mp3[: frame.length] or b"Info" in mp3[: frame.length]
    return mp3[frame.length :]


def free_format(mp3):
    """An MP3 of constant bit rate whose headers leave the rate out."""
    content, place = bytearray(mp3), 0
    while frame := frame_at(mp3, place):
        content[place + 2] &= 0x0F
        place += frame.length
    return bytes(content)


def mp3_with_table_of(mp3, frames):
    """An MP3 whose Xing table states another number of frames, and no bytes."""
    place = mp3.index(b"Xing") + 4
    return mp3[:place] + struct.pack(">II", 1, frames) + mp3[place + 8 :]


@with_ffmpeg
@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda mp3: mp3, id="as written"),
        pytest.param(without_table, id="no table"),
        pytest.param(lambda mp3: mp3_with_table_of(mp3, 50), id="table of too few"),
        pytest.param(lambda mp3: mp3_with_table_of(mp3, 5000), id="table of too many"),
        pytest.param(lambda mp3: bytes(3000) + without_table(mp3), id="zeros in front"),
        pytest.param(lambda mp3: b"ICY 200 OK\r\n\r\n" + without_table(mp3)[100:], id="streamed"),
        pytest.param(lambda mp3: mp3 + b"TAG" + bytes(125), id="ID3v1"),
    ],
)
@pytest.mark.parametrize("mode", ["AVERAGE", "VARIABLE"])
def test_mp3_of_changing_bit_rate_is_heard_to_its_end(bytes_of, hear, mode, broken):
    mp3 = bytes_of(format="MP3", bitrate_mode=mode, compression_level=0.6)
    if b"Xing" not in mp3:
        mp3 = mp3.replace(b"Info", b"Xing", 1)
    lasts_s, level, lost = hear(broken(mp3), "sound.mp3")
    assert lasts_s == pytest.approx(LASTS_S, abs=0.1)
    assert level == pytest.approx(0.9 * 0.3 / np.sqrt(2), rel=0.2)
    assert lost == ""


def test_free_format_is_heard(bytes_of, hear):
    # At 48 kHz all frames of a constant rate are equally long.
    mp3 = bytes_of(48_000, format="MP3", bitrate_mode="CONSTANT", compression_level=0.6)
    lasts_s, _, lost = hear(free_format(without_table(mp3)), "sound.mp3")
    assert lasts_s == pytest.approx(LASTS_S * 44.1 / 48, abs=0.1)
    assert lost == ""


@with_ffmpeg
def test_joined_mp3_are_heard_to_the_end_of_the_last(bytes_of, hear, music):
    one = bytes_of(format="MP3")
    other = bytes_of(22_050, music[::2], format="MP3")
    lasts_s, level, lost = hear(one + other, "sound.mp3")
    assert (lasts_s, lost) == (pytest.approx(2 * LASTS_S, abs=0.2), "")
    assert level == pytest.approx(hear(one, "one.mp3")[1], rel=0.1)


@with_ffmpeg
@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_chained_ogg_is_heard_to_the_end_of_the_last_stream(bytes_of, hear, music, subtype):
    sound, rate_hz = (music, 44_100) if subtype == "VORBIS" else (music[: 48_000 * 5], 48_000)
    ogg = bytes_of(rate_hz, sound, format="OGG", subtype=subtype)
    lasts_s, _, lost = hear(ogg + ogg, "sound.ogg")
    assert (lasts_s, lost) == (pytest.approx(2 * len(sound) / rate_hz, abs=0.1), "")


@with_ffmpeg
def test_ogg_with_a_hole_is_heard_beyond_it(bytes_of, hear):
    ogg = bytearray(bytes_of(format="OGG", subtype="VORBIS"))
    middle = len(ogg) // 2
    ogg[middle : middle + 300] = bytes(300)
    assert hear(bytes(ogg), "sound.ogg")[0] == pytest.approx(LASTS_S, abs=1.5)


@with_ffmpeg
def test_flac_of_unknown_length_is_heard(bytes_of, hear):
    flac = bytearray(bytes_of(format="FLAC"))
    flac[21] &= 0xF0  # STREAMINFO: the number of samples has 36 bits
    flac[22:26] = bytes(4)
    assert hear(bytes(flac), "sound.flac")[0] == pytest.approx(LASTS_S, abs=0.01)


def test_flac_behind_tags_is_heard(bytes_of, hear):
    tag = b"ID3\4\0\0\0\0\0\x0a" + bytes(10)
    assert hear(tag + bytes_of(format="FLAC"), "sound.mp3")[0] == pytest.approx(LASTS_S, abs=0.01)


@pytest.mark.parametrize(
    "size", [pytest.param(0, marks=with_ffmpeg), 0xFFFFFFFF, pytest.param(0x7FFFFFFF), 1 << 24]
)
def test_wav_whose_size_was_never_filled_in_is_heard(bytes_of, hear, size):
    wav = bytearray(bytes_of(format="WAV"))
    place = wav.index(b"data") + 4
    wav[place : place + 4] = wav[4:8] = struct.pack("<I", size)
    assert hear(bytes(wav), "sound.wav")[0] == pytest.approx(LASTS_S, abs=0.01)


@pytest.mark.parametrize("container", ["RF64", "W64", "CAF", "AU", "AIFF", "WAVEX", "VOC"])
def test_containers_of_studios_are_heard(bytes_of, hear, container):
    lasts_s, level, lost = hear(bytes_of(format=container, subtype="PCM_16"), "sound.mp3")
    assert lasts_s == pytest.approx(LASTS_S, abs=0.01)
    assert level == pytest.approx(0.9 * 0.3 / np.sqrt(2), rel=0.2)
    assert lost == ""


def test_rates_of_studios_are_heard(bytes_of, hear):
    sound = np.repeat(np.sin(np.arange(44_100) / 16)[:, None] * 0.3, 8, axis=0)
    assert hear(bytes_of(352_800, sound, format="WAV"), "sound.wav")[0] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("name", ["sound.mp3", "sound.mid", "sound.ogg", "sound"])
def test_the_suffix_does_not_matter(bytes_of, hear, name):
    assert hear(bytes_of(format="WAV"), name)[0] == pytest.approx(LASTS_S, abs=0.01)


def test_channels_of_opposite_phase_are_heard(bytes_of, hear, music):
    opposite = music * [1, -1]
    _, level, _ = hear(bytes_of(sound=opposite, format="WAV"), "sound.wav")
    assert level == pytest.approx(hear(bytes_of(format="WAV"), "other.wav")[1], rel=1e-3)


def test_seconds_count_where_a_limit_says_so(bytes_of, hear):
    mp3 = without_table(bytes_of(format="MP3", bitrate_mode="CONSTANT"))
    lasts_s, _, lost = hear(mp3, "sound.mp3", max_s=2.0)
    assert (lasts_s, lost) == (pytest.approx(2.0, abs=1e-3), "")


def test_without_ffmpeg_what_is_lost_is_said(bytes_of, hear, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    ogg = bytes_of(format="OGG", subtype="VORBIS")
    lasts_s, _, lost = hear(ogg + ogg, "sound.ogg")
    assert lasts_s == pytest.approx(LASTS_S, abs=0.01)
    assert lost == "6.0 of its 12.0 s are heard: ffmpeg, which is not installed, may hear the rest"
    wav = bytearray(bytes_of(format="WAV"))
    place = wav.index(b"data") + 4
    wav[place : place + 4] = bytes(4)
    with pytest.raises(PieceError, match=r"without samples; ffmpeg, which is not installed, may decode it$"):
        hear(bytes(wav), "sound.wav")


@pytest.mark.parametrize("content", [b"", b"\x93\x11" * 2500], ids=["empty", "noise"])
def test_an_mp3_without_frames_says_so(hear, content):
    with pytest.raises(
        PieceError, match=r"^cannot be read as audio: there are no frames of MPEG audio in it"
    ):
        hear(content, "sound.mp3")


def test_only_a_decoder_tells_how_long_other_formats_last(tmp_path):
    (tmp_path / "a.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    assert expected(tmp_path / "a.m4a", format_of(tmp_path / "a.m4a")) is None


def test_what_is_cut_short_is_told(bytes_of, hear):
    wav = bytes_of(format="WAV")
    assert hear(wav[: len(wav) // 2], "cut.wav")[2] == "3.0 of its 6.0 s are heard: the file is cut short"
    mp3 = bytes_of(format="MP3")
    lost = hear(mp3[: len(mp3) // 3], "cut.mp3")[2]
    assert lost.endswith(" s are heard: the file is cut short")
    assert hear(mp3, "whole.mp3")[2] == hear(wav, "whole.wav")[2] == ""


@with_ffmpeg
def test_a_film_without_sound_says_so(hear, tmp_path):
    picture = tmp_path / "film.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=size=16x16:duration=1", str(picture)]
    subprocess.run(command, check=True)
    with pytest.raises(PieceError, match=r"^has no sound in it$"):
        hear(picture.read_bytes(), "film.m4a")
