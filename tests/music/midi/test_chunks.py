"""Tracks are found whatever lengths, wrappers and stray bytes say, and what is lost is told."""

import pytest

from earmark.foundation.errors import PieceError
from earmark.music.midi.notes import notes_of
from earmark.music.midi.smf import parse

END = b"\x00\xff\x2f\x00"
HEADER = b"MThd\x00\x00\x00\x06\x00\x01\x00\x03\x00\x60"


def notes(*pitches, channel=0):
    """Events of notes of 96 ticks, one after the other."""
    return b"".join(
        bytes([0, 0x90 | channel, pitch, 100, 96, 0x80 | channel, pitch, 64]) for pitch in pitches
    )


FIRST, SECOND, THIRD = notes(60, 62, 64, 65), notes(67, 69), notes(71, 72, 74, 76, 77)
PITCHES = sorted([60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77])


def chunk(body, size=None, name=b"MTrk"):
    return name + (len(body) if size is None else size).to_bytes(4, "big") + body


def pitches(data):
    return sorted(notes_of(parse(data)).pitch.tolist())


@pytest.mark.parametrize("wrong", [1, 2])
@pytest.mark.parametrize(
    "size",
    [
        0,
        1,
        4,
        *(len(FIRST) + 4 + more for more in (-29, -9, -4, -1, 1, 4, 9, 12, 31)),
        0x7FFFFFFF,
        0xFFFFFFFF,
    ],
)
def test_a_wrong_length_loses_no_note(size, wrong):
    bodies = [body + END for body in (FIRST, SECOND, THIRD)]
    sizes = [size if number < wrong else len(body) for number, body in enumerate(bodies)]
    events = parse(HEADER + b"".join(map(chunk, bodies, sizes)))
    assert sorted(notes_of(events).pitch.tolist()) == PITCHES
    assert events.track.max() == 2
    assert events.warnings == ()


def test_lengths_that_span_other_tracks_lose_no_note():
    bodies = [body + END for body in (FIRST, SECOND, THIRD)]
    for end in (len(bodies[0] + bodies[1]) + 8, sum(map(len, bodies)) + 16):
        data = HEADER + chunk(bodies[0], end) + chunk(bodies[1]) + chunk(bodies[2])
        assert pitches(data) == PITCHES
        without_end = HEADER + chunk(FIRST, end - 4) + chunk(bodies[1]) + chunk(bodies[2])
        assert pitches(without_end) == PITCHES


@pytest.mark.parametrize("stray", [b"\0", b"\0\0\0", b"\x20\x20", b"junk", b"abc\0\0\0\1x", b"MT", b"MTrM"])
def test_stray_bytes_between_chunks_are_passed_over(stray):
    tracks = [chunk(body + END) for body in (FIRST, SECOND, THIRD)]
    for place in range(4):
        data = HEADER + b"".join([*tracks[:place], stray, *tracks[place:]])
        assert pitches(data) == PITCHES


def test_a_track_without_an_end_ends_where_its_length_or_the_next_track_says():
    for size in (None, 0, 3, len(FIRST) + 7, 0xFFFFFFFF):
        data = HEADER + chunk(FIRST, size) + chunk(SECOND + END) + chunk(THIRD + END)
        assert pitches(data) == PITCHES


def test_a_text_that_holds_the_name_of_a_chunk_is_a_text():
    text = b"\x00\xff\x01\x0cMTrk\0\0\0\x04abcd"
    data = HEADER + chunk(text + FIRST + END) + chunk(SECOND + text + END) + chunk(THIRD + END)
    assert pitches(data) == PITCHES


def test_a_damaged_name_of_a_track_hides_no_music():
    for name in (b"MTrK", b"\0Trk", b"MTr\xeb"):
        data = HEADER + chunk(FIRST + END) + chunk(SECOND + END, name=name) + chunk(THIRD + END)
        assert pitches(data) == PITCHES


@pytest.mark.parametrize("size", [0, 5, 7, 100, 0xFFFFFFFF])
def test_a_wrong_length_of_the_header_is_no_matter(size):
    data = b"MThd" + size.to_bytes(4, "big") + HEADER[8:] + b"".join(
        chunk(body + END) for body in (FIRST, SECOND, THIRD)
    )  # fmt: skip
    assert pitches(data) == PITCHES


def test_what_stands_after_the_end_of_a_track_is_told():
    data = HEADER + chunk(FIRST + END + SECOND) + chunk(THIRD + END)
    events = parse(data)
    assert len(notes_of(events)) == 9
    assert events.warnings == (
        f"track 1 has {len(SECOND)} bytes after its end, which are not played",
        "holds 2 of the 3 tracks that its header states",
    )


def test_events_between_two_tracks_are_told():
    # As in an edition of Beethoven's sextet: a track whose chunk has lost its beginning.
    data = HEADER + chunk(FIRST + END) + SECOND[1:] + END + chunk(THIRD + END)
    events = parse(data)
    assert len(notes_of(events)) == 9
    assert events.warnings[0] == f"track 1 has {len(SECOND) + 3} bytes after its end, which are not played"


def test_a_track_of_noise_among_good_ones_is_dropped_and_told():
    noise = bytes((89 * number * number + 31 * number + 0x83) % 256 for number in range(400))
    data = HEADER + chunk(FIRST + END) + chunk(noise + END) + chunk(THIRD + END)
    events = parse(data)
    assert pitches(data) == sorted([60, 62, 64, 65, 71, 72, 74, 76, 77])
    assert events.warnings == ("track 2 is damaged throughout, and is not played",)


def test_a_cut_file_is_told():
    whole = HEADER + chunk(FIRST + END) + chunk(SECOND + END) + chunk(THIRD + END)
    assert parse(whole).warnings == ()
    warnings = parse(whole[:-8]).warnings
    assert [words for words in warnings if words.startswith("track 3 ")] == list(warnings) != []
    assert parse(whole[: -len(THIRD) - 12]).warnings == ("holds 2 of the 3 tracks that its header states",)


def test_of_many_faults_the_first_are_told_and_the_others_counted():
    tracks = b"".join(chunk(FIRST + END + SECOND) for _ in range(7))
    warnings = parse(HEADER + tracks).warnings
    assert len(warnings) == 4
    assert warnings[-1] == "and 4 more"


GOOD = HEADER + chunk(FIRST + END) + chunk(SECOND + END) + chunk(THIRD + END)


@pytest.mark.parametrize(
    "before",
    [
        b"\0\x08song.mid" + bytes(118),  # MacBinary
        b"\0\x01a" + bytes(125),
        b"RIFF\x10\0\0\0RMIDdata\x10\0\0\0",
        b"RIFF\xff\xff\xff\xffRMIDLIST\x04\0\0\0INFOdata\0\0\0\0",
        b"\r\n",
        b"\xef\xbb\xbf",
        b"HTTP/1.1 200 OK\r\nContent-Type: audio/midi\r\n\r\n",
    ],
)
@pytest.mark.parametrize("after", [b"", b"\0" * 100, bytes(range(256))])
def test_what_wraps_a_file_is_taken_off(before, after):
    assert pitches(before + GOOD + after) == PITCHES
    assert parse(before + GOOD + after).warnings == ()


def test_what_only_speaks_of_midi_files_is_none():
    with pytest.raises(PieceError, match="not a MIDI file: its header chunk MThd is missing"):
        parse(b"<html>A MIDI file begins with MThd and MTrk</html>")


def test_many_chunks_are_passed_over_in_time():
    others = b"abcd\0\0\0\0" * 50_000
    assert pitches(HEADER + others + GOOD[14:] + others) == PITCHES
    assert len(pitches(HEADER + chunk(FIRST + END) * 3000)) == 12_000
