"""Tracks are read on where they are damaged."""

import pytest

from earmark.music.midi.track import read_track

END = b"\x00\xff\x2f\x00"
NOTE = b"\x00\x90\x45\x64" + b"\x60\x80\x45\x00"

MANY = 1_000_000  # events


def number(value, size=0):
    """A number of variable length, padded to so many bytes."""
    digits = [value & 0x7F]
    while (value := value >> 7) or len(digits) < size:
        digits.insert(0, value & 0x7F | 0x80)
    return bytes(digits)


@pytest.mark.parametrize(
    ("encoded", "ticks"),
    [
        (number(0, 5), 0),
        (number(0, 12), 0),
        (number(96, 5), 96),
        (number(2**57 + 57), 57),  # as Ardour wrote it
        (number(2**32 + 1000), 1000),
        (number(2**64 - 57), 0),  # negative
        (number(2**32 - 1), 0),
        (number(2**28 - 1), 2**28 - 1),  # the longest of the standard
    ],
)
def test_over_long_numbers_keep_their_lower_bits(encoded, ticks):
    track = read_track(encoded + NOTE[1:] + END, 0, MANY)
    assert list(track.ticks) == [ticks, ticks + 96]
    assert track.faults == []
    assert track.is_ended


@pytest.mark.parametrize("count", range(1, 6))
@pytest.mark.parametrize("following", [NOTE, b"\x83\x60" + NOTE[1:], b"\x00\xc0\x05" + NOTE])
def test_stray_data_bytes_are_passed_over_and_the_time_after_them_counts(count, following):
    track = read_track(b"\x00" + b"\x40" * count + following + END, 0, MANY)
    plain = read_track(following + END, 0, MANY)
    assert (track.ticks, track.events) == (plain.ticks, plain.events)
    assert track.faults == [f"has {count} stray {'bytes' if count > 1 else 'byte'}, which are passed over"]


@pytest.mark.parametrize("event", [b"\x00\xff\x01\x7f", b"\x00\xff\x03\xff\xff\x7f", b"\x00\xf0\x8f\x00"])
def test_an_event_that_claims_the_rest_of_its_track_does_not_get_it(event):
    track = read_track(NOTE + event + b"abc" + NOTE + END, 0, MANY)
    assert len(track.ticks) == 4
    assert track.is_ended
    assert track.faults == ["has an event that reaches beyond its end, which is passed over"]


def test_a_track_ends_at_its_end():
    track = read_track(NOTE + END + NOTE, 10, MANY)
    assert (track.size, track.is_ended, track.end_tick) == (len(NOTE + END), True, 106)
    assert len(track.ticks) == 2


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_track_cut_within_an_event_says_so(cut):
    track = read_track(NOTE[:-cut], 0, MANY)
    assert len(track.ticks) == 1
    assert track.faults == ["ends in the middle of an event"]


def test_data_bytes_above_127_lose_their_highest_bit_and_are_no_damage():
    track = read_track(b"\x00\x90\x45\xe4\x60\x80\x45\x80" * 50 + END, 0, MANY)
    assert [event & 0xFFFF for event in track.events[:2]] == [0x4564, 0x4500]
    assert (len(track.ticks), track.faults) == (100, [])


def test_long_runs_of_one_byte_are_read_in_time():
    for byte in (0x00, 0x45, 0x80, 0x90, 0xF0, 0xF7, 0xFF):
        assert read_track(bytes([byte]) * 200_000, 0, MANY).size == 200_000
    assert read_track(b"\x00\x40" + b"\xff\x00" * 100_000, 0, MANY).size == 200_002


def test_events_that_cannot_be_right_among_others_are_told():
    track = read_track(NOTE * 20 + b"\x00\x90\x45\xe4" + NOTE + END, 0, MANY)
    assert len(track.events) == 43
    assert track.faults == [
        "is damaged: 1 event cannot be right, and what stands near may be played wrongly",
    ]
