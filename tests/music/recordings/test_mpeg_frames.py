"""Frames of MPEG audio, counted in files made byte by byte."""

import subprocess
import sys

import numpy as np
import pytest
import soundfile

from earmark.foundation.deadline import Deadline, DeadlineError, working_until
from earmark.music.recordings.mpeg_frames import extent, frame_at, has_frames

FRAME = b"\xff\xfb\x90\xc4" + bytes(413)  # MPEG-1 layer III, 128 kbit/s, 44,100 Hz, no padding
LONGER = b"\xff\xfb\x92\xc4" + bytes(414)  # with padding
FRAME_S = 1152 / 44_100
LOW = b"\xff\xf3\x40\xc4" + bytes(100)  # MPEG-2 layer III, 32 kbit/s, 22,050 Hz
FREE = b"\xff\xfb\x00\xc4" + bytes(500)
COUNT = """
import sys
from pathlib import Path
from earmark.music.recordings.mpeg_frames import extent
extent(Path(sys.argv[1]))
"""
XING = FRAME[:36] + b"Xing" + bytes([0, 0, 0, 1, 0, 0, 0, 5]) + bytes(369)


@pytest.fixture
def write(tmp_path):
    """Write bytes as an MP3."""

    def file(content):
        (tmp_path / "sound.mp3").write_bytes(content)
        return tmp_path / "sound.mp3"

    return file


@pytest.mark.parametrize(
    ("head", "samples", "rate_hz", "length"),
    [
        ("fffb90c4", 1152, 44_100, 417),
        ("fffb92c4", 1152, 44_100, 418),
        ("fffb94c4", 1152, 48_000, 384),
        ("fff340c4", 576, 22_050, 104),
        ("ffe340c4", 576, 11_025, 208),
        ("fffd80c4", 1152, 44_100, 417),  # layer II, 128 kbit/s
        ("ffff40c4", 384, 44_100, 136),  # layer I, 128 kbit/s, slots of four bytes
        ("ffff42c4", 384, 44_100, 140),
        ("fffb00c4", 1152, 44_100, 0),  # free format
    ],
)
def test_a_header_tells_samples_rate_and_length(head, samples, rate_hz, length):
    frame = frame_at(bytes.fromhex(head), 0)
    assert frame is not None
    assert (frame.samples, frame.rate_hz, frame.length) == (samples, rate_hz, length)


@pytest.mark.parametrize("head", ["fffbf0c4", "fffb9cc4", "ffeb90c4", "fff990c4", "ff7b90c4", "fffb90"])
def test_forbidden_values_are_no_header(head):
    assert frame_at(bytes.fromhex(head), 0) is None


@pytest.mark.parametrize(
    ("content", "frames"),
    [
        (10 * FRAME, 10),
        (5 * (FRAME + LONGER), 10),
        (XING + 10 * FRAME, 10),  # whose table says five
        (bytes(3000) + 10 * FRAME, 10),
        (b"ICY 200 OK\r\n" + 10 * FRAME + b"TAG" + bytes(125), 10),
        (10 * FRAME + b"APETAGEX" + bytes(2000) + 10 * FRAME, 20),
        (10 * FRAME + FRAME[:200], 10),  # cut in the middle
        (FRAME[100:] + 10 * FRAME, 10),
        (10 * FREE, 10),
        (3 * FREE + bytes(700) + 4 * FREE, 7),
        (b"", 0),
        (b"no sound " * 500, 0),
        (FRAME[:100], 0),
    ],
)
def test_all_frames_are_counted(write, content, frames):
    assert extent(write(content)).duration_s == pytest.approx(frames * FRAME_S)


def test_joined_files_of_two_rates_last_as_long_as_both(write):
    both = extent(write(10 * FRAME + 20 * LOW))
    assert both.duration_s == pytest.approx(10 * FRAME_S + 20 * 576 / 22_050)
    assert both.frame_s == pytest.approx(FRAME_S)


def test_what_looks_like_frames_within_a_tag_does_not_count(write):
    size = bytes(len(5 * FRAME) >> shift & 0x7F for shift in (21, 14, 7, 0))
    assert extent(write(b"ID3\3\0\0" + size + 5 * FRAME + 10 * FRAME)).duration_s == pytest.approx(
        10 * FRAME_S
    )


def test_two_frames_of_one_kind_are_needed():
    assert has_frames(FRAME + FRAME)
    assert has_frames(b"junk" + FRAME + FRAME)
    assert not has_frames(FRAME + LOW + b"end")


@pytest.mark.parametrize("mode", ["CONSTANT", "AVERAGE", "VARIABLE"])
@pytest.mark.parametrize("rate_hz", [11_025, 22_050, 44_100, 48_000])
def test_a_file_of_libsndfile_lasts_as_long_as_its_sound(tmp_path, mode, rate_hz):
    sound = 0.3 * np.random.default_rng(0).standard_normal(3 * rate_hz)
    sound[rate_hz:] *= 0.01
    soundfile.write(tmp_path / "a.mp3", sound, rate_hz, bitrate_mode=mode)
    found = extent(tmp_path / "a.mp3")
    assert 0 <= found.duration_s - 3 <= 4 * found.frame_s


@pytest.mark.parametrize("padding", [b"\x00", b"\x02"])
def test_headers_of_frames_without_content_are_passed_over(tmp_path, padding):
    file = tmp_path / "headers.mp3"
    file.write_bytes(b"\xff\xfb" + padding + b"\x00" + b"\xff\xfb\x00\x00" * 20)
    subprocess.run([sys.executable, "-c", COUNT, file], check=True, timeout=30)
    assert extent(file).duration_s == 0


def test_looking_for_frames_stops_at_the_deadline(write):
    nearly = b"\xff\xfb\x00\x00" + b"\xff\xfa\x00\x00" * 100
    with working_until(Deadline(0.2)), pytest.raises(DeadlineError):
        extent(write(nearly * 20_000))
