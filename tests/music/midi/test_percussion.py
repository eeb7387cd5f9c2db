"""Drums are where GM, GM2, GS and XG put them."""

import pytest

from earmark.music.midi.smf import PROGRAM, parse

GM_ON, GM2_ON = b"\x7e\x7f\x09\x01", b"\x7e\x7f\x09\x03"
GS_RESET = b"\x41\x10\x42\x12\x40\x00\x7f\x00\x41"
XG_ON = b"\x43\x10\x4c\x00\x00\x7e\x00"


def exclusive(content):
    body = content + b"\xf7"
    return b"\x00\xf0" + bytes([len(body)]) + body


def gs(*body):
    return b"\x41\x10\x42\x12" + bytes(body) + bytes([-sum(body) % 128])


def rhythm(block, use):
    """Roland's "use for rhythm part"."""
    return gs(0x40, 0x10 | block, 0x15, use)


def part_mode(part, mode):
    """Yamaha's."""
    return b"\x43\x10\x4c\x08" + bytes([part, 0x07, mode])


def bank(channel, most, least=0, program=0):
    data = [0, 0xB0 | channel, 0, most, 0, 0xB0 | channel, 0x20, least, 0, 0xC0 | channel, program]
    return bytes(data)


def note(channel, pitch=60):
    return bytes([0, 0x90 | channel, pitch, 100, 96, 0x80 | channel, pitch, 64])


def drums(*parts):
    """Whether each note of one track is a drum's."""
    body = b"".join(parts) + b"\x00\xff\x2f\x00"
    data = b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60MTrk" + len(body).to_bytes(4, "big") + body
    events = parse(data)
    return events.is_drum[events.kind == 0x90].tolist()


@pytest.mark.parametrize(
    ("setup", "channel", "is_drum"),
    [
        (b"", 9, True),
        (b"", 10, False),
        *((bank(10, most), 10, True) for most in (120, 126, 127)),
        *((exclusive(XG_ON) + bank(10, most), 10, True) for most in (126, 127)),
        (exclusive(GM2_ON) + bank(10, 120), 10, True),
        (exclusive(GM2_ON) + bank(9, 121), 9, False),
        (exclusive(GM2_ON) + bank(9, 120), 9, True),
        (exclusive(XG_ON) + bank(9, 0), 9, False),
        (exclusive(XG_ON) + bank(9, 127), 9, True),
        (bank(9, 0), 9, True),  # as files for any instrument do
        (exclusive(GM_ON) + bank(9, 0), 9, True),
        (exclusive(GS_RESET) + bank(9, 0), 9, True),
        (exclusive(GS_RESET) + bank(9, 1), 9, True),
        (exclusive(GS_RESET) + bank(10, 127), 10, False),  # of GS the instruments of an older module
        (bank(10, 0), 10, False),
        (bank(10, 64), 10, False),
        (b"\x00\xba\x00\x7f", 10, False),  # a bank counts when a program is chosen
        (exclusive(rhythm(0xA, 1)), 10, True),
        (exclusive(rhythm(0xF, 2)), 15, True),
        (exclusive(rhythm(1, 1)), 0, True),
        (exclusive(rhythm(9, 2)), 8, True),
        (exclusive(rhythm(0, 0)), 9, False),
        (exclusive(rhythm(0, 0)) + exclusive(rhythm(0, 1)), 9, True),
        (exclusive(rhythm(0, 0)) + exclusive(GS_RESET), 9, True),
        (exclusive(GS_RESET) + exclusive(rhythm(0xA, 1)) + bank(10, 0, program=8), 10, True),
        (exclusive(gs(0x40, 0x1A, 0x13, 1, 0, 1, 0)), 10, True),  # several values from an address on
        (exclusive(gs(0x40, 0x1C, 0x02, 3)) + exclusive(rhythm(0xC, 1)), 3, True),  # a part moved elsewhere
        (exclusive(part_mode(10, 1)), 10, True),
        (exclusive(part_mode(10, 3)), 10, True),
        (exclusive(part_mode(9, 0)), 9, False),
        (exclusive(XG_ON) + exclusive(part_mode(10, 2)) + b"\x00\xca\x05", 10, True),
        (exclusive(XG_ON) + exclusive(b"\x43\x10\x4c\x08\x0a\x01\x7f"), 10, True),
        (exclusive(XG_ON) + bank(10, 127) + exclusive(XG_ON), 10, False),
        (exclusive(XG_ON) + bank(10, 127) + bank(10, 0), 10, False),
        (bank(10, 127) + bank(10, 0), 10, False),
        (exclusive(b"\x41\x10\x16\x12\x40\x1a\x15\x01\x10"), 10, False),  # another of Roland's models
        (exclusive(b"\x43"), 10, False),
        (exclusive(b"\x41\x10\x42\x12\x40"), 10, False),
        (exclusive(b"\x7e\x7f\x09"), 9, True),
    ],
)  # fmt: skip
def test_where_the_drums_are(setup, channel, is_drum):
    assert drums(setup, note(channel)) == [is_drum]
    others = [other for other in (2, 5, 13) if other != channel]
    assert drums(setup, *map(note, others)) == [False] * len(others)


def test_a_channel_changes_with_time():
    parts = [note(10), bank(10, 127), note(10), bank(10, 0), note(10), exclusive(rhythm(0xA, 1)), note(10)]
    assert drums(*parts) == [False, True, False, True]


def test_a_message_split_in_packets_of_its_own_kind_counts():
    whole = b"\xf0" + rhythm(0xA, 1) + b"\xf7"
    assert drums(b"\x00\xf7" + bytes([len(whole)]) + whole, note(10)) == [True]


def test_the_part_above_is_taken_for_that_below_where_it_is_silent_and_that_below_has_no_program():
    # Roland's part 11 is A; who writes B means 11.
    assert drums(exclusive(rhythm(0xB, 1)), note(10)) == [True]
    assert drums(exclusive(rhythm(0xB, 1)), note(10), note(11)) == [False, True]
    assert drums(exclusive(rhythm(0xB, 1)), b"\x00\xca\x20", note(10)) == [False]


def test_a_message_of_another_track_comes_before_later_events_of_all():
    setup = exclusive(rhythm(0xA, 1)) + b"\x00\xff\x2f\x00"
    kit = note(10) + b"\x00\xff\x2f\x00"
    header = b"MThd\x00\x00\x00\x06\x00\x01\x00\x02\x00\x60"
    chunks = [b"MTrk" + len(body).to_bytes(4, "big") + body for body in (setup, kit)]
    for first, second, expected in ((0, 1, [True]), (1, 0, [False])):  # at one time, in the order of the file
        events = parse(header + chunks[first] + chunks[second])
        assert events.is_drum[events.kind == 0x90].tolist() == expected
    later = b"MTrk" + (len(kit) + 1).to_bytes(4, "big") + b"\x83\x00" + kit[1:]
    events = parse(header + later + chunks[0])
    assert events.is_drum[events.kind == 0x90].tolist() == [True]


def test_drums_of_a_filtered_piece_are_those_of_the_piece():
    body = exclusive(rhythm(0, 0)) + bank(10, 127) + note(9) + note(10) + b"\x00\xff\x2f\x00"
    data = b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60MTrk" + len(body).to_bytes(4, "big") + body
    events = parse(data)
    kept = events.where(events.kind != PROGRAM).scaled(2.0)
    assert kept.is_drum[kept.kind == 0x90].tolist() == [False, True]
