"""Pages of Ogg, counted in files of libsndfile and in pages made byte by byte."""

import struct

import numpy as np
import pytest
import soundfile

from earmark.music.recordings.ogg_pages import duration_s, streams

OPUS = b"OpusHead\1\1" + struct.pack("<HI", 312, 44_100)
FLAC = b"\x7fFLAC\1\0\0\1fLaC\0\0\0\x22" + bytes(10) + ((22_050 << 12) | 0xFF).to_bytes(4, "big") + bytes(20)


def page(content, granule=0, serial=1, flags=0):
    head = struct.pack("<4sBBqIIIB", b"OggS", 0, flags, granule, serial, 0, 0, 1)
    return head + bytes([len(content)]) + content


def durations(path):
    return [stream.duration_s for stream in streams(path)]


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
def test_a_stream_lasts_as_long_as_its_sound(tmp_path, subtype, rate_hz):
    sound = 0.1 * np.random.default_rng(0).standard_normal(int(2.5 * rate_hz))
    soundfile.write(tmp_path / "a.ogg", sound, rate_hz, format="OGG", subtype=subtype)
    assert durations(tmp_path / "a.ogg") == [pytest.approx(2.5, abs=0.03)]
    once = (tmp_path / "a.ogg").read_bytes()
    (tmp_path / "b.ogg").write_bytes(once + once)  # one serial number
    assert durations(tmp_path / "b.ogg") == 2 * durations(tmp_path / "a.ogg")
    (tmp_path / "c.ogg").write_bytes(once + b"TAG" + bytes(125) + once)
    assert durations(tmp_path / "c.ogg") == 2 * durations(tmp_path / "a.ogg")


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        (page(OPUS, flags=2) + page(b"x", 48_312), [1.0]),
        (page(FLAC, flags=2) + page(b"x", 44_100), [2.0]),
        (page(OPUS, flags=2) + page(b"x", -1) + page(b"x", 96_312), [2.0]),
        # Two streams at the same time, of which one is a picture.
        (page(OPUS, flags=2) + page(b"\x80theora", 0, 2, 2) + page(b"x", 9, 2) + page(b"x", 48_312), [1.0]),
        # Cut out of a radio's stream after an hour.
        (page(OPUS, flags=2) + page(b"x", 3600 * 48_000) + page(b"x", 3610 * 48_000), [10.0]),
        (page(OPUS, flags=2), [0.0]),
        (page(OPUS, flags=2) + page(b"x", 48_312)[:20], [0.0]),
        (b"OggS", []),
        (b"", []),
    ],
)
def test_pages_tell_how_long_streams_last(tmp_path, pages, expected):
    (tmp_path / "a.opus").write_bytes(pages)
    assert durations(tmp_path / "a.opus") == pytest.approx(expected)


def test_speex_tells_its_rate(tmp_path):
    head = b"Speex   1.2".ljust(36, b"\0") + struct.pack("<I", 16_000) + bytes(24)
    (tmp_path / "a.spx").write_bytes(page(head, flags=2) + page(b"x", 32_000))
    assert durations(tmp_path / "a.spx") == [2.0]


def test_streams_that_sound_at_once_count_once_and_links_of_a_chain_each(tmp_path):
    both = page(OPUS, 0, 1, 2) + page(OPUS, 0, 2, 2) + page(b"x", 48_312, 1) + page(b"x", 96_312, 2)
    (tmp_path / "a.opus").write_bytes(both)
    assert duration_s(tmp_path / "a.opus") == 2.0
    (tmp_path / "b.opus").write_bytes(both + page(OPUS, 0, 3, 2) + page(b"x", 48_312, 3))
    assert duration_s(tmp_path / "b.opus") == 3.0
