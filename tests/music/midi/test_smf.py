"""The reader of Standard MIDI Files, against pretty_midi and against bytes written by hand."""

import mido
import numpy as np
import pretty_midi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earmark.foundation.errors import PieceError
from earmark.music.midi.notes import notes_of, onset_rate_hz
from earmark.music.midi.smf import (
    CONTROL,
    NOTE_OFF,
    NOTE_ON,
    PITCH_BEND,
    PRESSURE,
    PROGRAM,
    first_metre,
    parse,
    read,
)
from earmark.music.midi.smf import POLY_PRESSURE as POLY

END = b"\x00\xff\x2f\x00"
A4 = b"\x00\x90\x45\x64" + b"\x60\x80\x45\x00"  # for 0x60 = 96 ticks


def chunk(kind, data, size=None):
    return kind + (len(data) if size is None else size).to_bytes(4, "big") + data


def smf(*tracks, kind=1, division=96):
    """A file of tracks of raw events; the end of each track is added."""
    header = b"".join(value.to_bytes(2, "big") for value in (kind, len(tracks), division))
    return chunk(b"MThd", header) + b"".join(chunk(b"MTrk", track + END) for track in tracks)


def rows(data, *columns):
    events = parse(data)
    return list(zip(*(np.round(getattr(events, name), 9).tolist() for name in columns), strict=True))


def random_piece(write_midi, note, seed, kind):
    """Several tracks, programs and tempi; no pitch of a channel overlaps itself."""
    rng = np.random.default_rng(seed)
    tempi = [(int(tick), mido.MetaMessage("set_tempo", tempo=int(rng.integers(150_000, 2_000_000))))
             for tick in np.unique(rng.integers(0, 8000, 6))]  # fmt: skip
    tracks = [tempi]
    for channel in rng.choice(16, 4, replace=False).tolist():
        program = mido.Message("program_change", program=int(rng.integers(128)), channel=channel)
        track = [(0, program)]
        for pitch in rng.choice(128, 5, replace=False).tolist():
            edges = np.unique(rng.integers(1, 9000, 13))
            for start, end in zip(edges[::2], edges[1::2], strict=False):
                track += note(int(start), int(end), pitch, channel, int(rng.integers(1, 128)))
        tracks.append(track)
    if kind == 0:
        tracks = [[event for track in tracks for event in track]]
    return write_midi(*tracks, ticks=int(rng.choice([24, 96, 480, 1000])), kind=kind)


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from([0, 1]), seed=st.integers(0, 2**32 - 1))
def test_notes_are_those_that_pretty_midi_finds(write_midi, note, seed, kind):
    path = random_piece(write_midi, note, seed, kind)
    expected = sorted(
        (each.start, each.pitch, each.end - each.start, each.velocity, part.program, part.is_drum)
        for part in pretty_midi.PrettyMIDI(str(path)).instruments
        for each in part.notes
    )
    notes = notes_of(read(path))
    columns = (notes.onset_s, notes.pitch, notes.duration_s, notes.velocity, notes.program, notes.is_drum)
    # pretty_midi too has program 0 for drums by default: all columns compare.
    rows = sorted(zip(*(column.tolist() for column in columns), strict=True))
    assert len(rows) > 0
    np.testing.assert_allclose(np.array(rows, float), np.array(expected, float), rtol=0, atol=1e-7)


def test_a_tempo_change_in_any_track_holds_for_all(write_midi, note):
    path = write_midi(
        note(0, 480, 60) + note(960, 1440, 62),
        [(480, mido.MetaMessage("set_tempo", tempo=1_000_000))],
    )
    notes = notes_of(read(path))
    assert notes.onset_s.tolist() == pytest.approx([0, 1.5])  # half a second, then a whole one
    assert notes.duration_s.tolist() == pytest.approx([0.5, 1])


def test_a_tempo_changes_a_note_that_sounds(write_midi, note):
    path = write_midi([*note(0, 960, 60), (480, mido.MetaMessage("set_tempo", tempo=250_000))])
    assert notes_of(read(path)).duration_s.tolist() == pytest.approx([0.75])


def test_the_last_of_two_tempi_at_one_time_holds(write_midi, note):
    tempi = [(0, mido.MetaMessage("set_tempo", tempo=tempo)) for tempo in (250_000, 1_000_000)]
    assert notes_of(read(write_midi([*tempi, *note(0, 480, 60)]))).duration_s.tolist() == pytest.approx([1.0])


def test_every_kind_of_event_is_read_with_its_data():
    track = (
        b"\x00\xc3\x13"  # program 19 on channel 4
        b"\x00\xb3\x07\x50"  # volume
        b"\x00\xe3\x01\x40"  # pitch bend
        b"\x00\xd3\x22"  # channel pressure
        b"\x00\x93\x45\x64"
        b"\x00\xa3\x45\x30"  # pressure of a key
        b"\x60\x83\x45\x7f"
    )
    assert rows(smf(track), "time_s", "port_channel", "kind", "data1", "data2", "track") == [
        (0, 3, PROGRAM, 19, 0, 0),
        (0, 3, CONTROL, 7, 80, 0),
        (0, 3, PITCH_BEND, 1, 64, 0),
        (0, 3, PRESSURE, 34, 0, 0),
        (0, 3, NOTE_ON, 69, 100, 0),
        (0, 3, POLY, 69, 48, 0),
        (0.5, 3, NOTE_OFF, 69, 127, 0),
    ]


def test_a_note_on_of_velocity_0_is_a_note_off():
    assert rows(smf(b"\x00\x90\x45\x64\x60\x45\x00"), "time_s", "kind") == [(0, NOTE_ON), (0.5, NOTE_OFF)]


@pytest.mark.parametrize(
    "between",
    [
        b"\x00\xff\x01\x02hi",  # text
        b"\x00\xff\x51\x03\x07\xa1\x20",  # tempo, 500,000 as before
        b"\x00\xff\x7f\x00",  # sequencer's own, empty
        b"\x00\xf0\x03\x01\x02\xf7",  # system exclusive
        b"\x00\xf7\x01\xf8",  # escape
    ],
)
def test_running_status_outlives_meta_and_exclusive_events(between):
    # FluidSynth's own player loses all notes after the first here, with exit status 0.
    track = b"\x00\x90\x45\x64" + between + b"\x60\x45\x00" + between + b"\x00\x47\x64\x60\x47\x00"
    notes = notes_of(parse(smf(track)))
    assert notes.pitch.tolist() == [69, 71]
    assert notes.onset_s.tolist() == pytest.approx([0, 0.5])
    assert notes.duration_s.tolist() == pytest.approx([0.5, 0.5])


def test_running_status_ends_with_its_track():
    events = parse(smf(A4, b"\x00\x45\x64"))
    assert events.track.tolist() == [0, 0]
    assert events.warnings == ("track 2 has 2 stray bytes, which are passed over",)


@pytest.mark.parametrize(
    ("division", "ticks_a_second"),
    [(0xE728, 25 * 40), (0xE250, 30 * 80), (0xE808, 24 * 8), (0xE364, 100 * 30 / 1.001)],
)
def test_smpte_division_counts_frames_whatever_the_tempo(division, ticks_a_second):
    tempo = b"\x00\xff\x51\x03\x01\x86\xa0"
    notes = notes_of(parse(smf(tempo + A4, division=division)))
    assert notes.duration_s.tolist() == pytest.approx([96 / ticks_a_second], rel=1e-12)


@pytest.mark.parametrize(
    ("encoded", "ticks"),
    [(b"\x00", 0), (b"\x7f", 127), (b"\x81\x00", 128), (b"\xff\x7f", 16383), (b"\x81\x80\x80\x00", 1 << 21)],
)
def test_numbers_of_variable_length(encoded, ticks):
    # The examples of the standard.
    data = smf(encoded + b"\x90\x45\x64", division=1000)
    assert parse(data).time_s.tolist() == pytest.approx([ticks / 2000])


@pytest.mark.parametrize("before", [b"", b"LIST\x0a\x00\x00\x00INFOINAM\x00\x00"])
def test_a_riff_wrapper_is_unwrapped(before):
    midi = smf(A4)
    content = b"RMID" + before + b"data" + len(midi).to_bytes(4, "little") + midi
    wrapped = b"RIFF" + len(content).to_bytes(4, "little") + content
    assert rows(wrapped, "time_s", "kind", "data1") == rows(midi, "time_s", "kind", "data1")


def test_ports_multiply_the_channels_and_belong_to_their_track():
    port_2 = b"\x00\xff\x21\x01\x02"
    data = smf(port_2 + A4, A4, port_2 + A4.replace(b"\x90", b"\x99").replace(b"\x80", b"\x89"))
    events = parse(data)
    channels = dict(zip(events.track.tolist(), events.port_channel.tolist(), strict=True))
    assert channels == {0: 32, 1: 0, 2: 41}
    assert dict(zip(events.track.tolist(), events.is_drum.tolist(), strict=True)) == {0: 0, 1: 0, 2: 1}


def test_events_are_in_order_of_time_and_simultaneous_ones_in_that_of_the_file():
    first = b"\x60\xc0\x01" + b"\x00\xc0\x02"
    second = b"\x00\xc1\x03" + b"\x60\xc1\x04" + b"\x00\x91\x45\x64"
    assert rows(smf(first, second), "time_s", "data1") == [(0, 3), (0.5, 1), (0.5, 2), (0.5, 4), (0.5, 69)]


def test_what_follows_a_pause_of_hours_is_left_out_and_told():
    pause = b"\x00\x90\x40\x64\x60\x40\x00" + b"\xff\xff\xff\x7f" + A4[1:]
    events = parse(smf(A4 * 3, pause))
    notes = notes_of(events)
    assert sorted(notes.pitch.tolist()) == [64, 69, 69, 69]
    assert notes.end_s == pytest.approx(1.5)
    assert events.warnings == ("what follows a pause of 388 hours in track 2 is not played",)
    held = b"\x00\x90\x40\x64\xff\xff\xff\x7f\x40\x00"  # its note-off comes so late
    events = parse(smf(A4 * 3, held))
    assert (notes_of(events).end_s, events.warnings) == (pytest.approx(1.5), ())


def test_music_that_begins_after_hours_is_read():
    late = b"\x00\x80\x45\x00" + b"\xff\xff\xff\x7f" + A4[1:]
    assert len(notes_of(parse(smf(late)))) == 1


def test_patterns_of_format_2_follow_each_other():
    data = smf(A4, b"\x60" + A4[1:], kind=2)
    assert notes_of(parse(data)).onset_s.tolist() == pytest.approx([0, 1.0])


def test_unknown_chunks_and_long_headers_are_passed_over():
    long = chunk(b"MThd", b"\x00\x01\x00\x01\x00\x60" + b"more")
    data = long + chunk(b"XFIH", b"\x90\x45\x64") + chunk(b"MTrk", A4 + END) + chunk(b"XFKM", b"")
    assert rows(data, "time_s", "kind") == rows(smf(A4), "time_s", "kind")


def test_what_follows_the_end_of_a_track_is_not_played():
    assert len(parse(smf(A4 + END + A4))) == 2


@pytest.mark.parametrize("cut", range(1, 15))
def test_a_last_track_cut_short_keeps_what_came_before(cut):
    second = b"\x60\x47\x64" + b"\x60\x47\x00"  # another note, by running status
    data = smf(A4 + b"\x00\x90\x45\x00" + second)
    notes = notes_of(parse(data[:-cut]))
    assert (notes.onset_s[0], notes.pitch[0], notes.duration_s[0]) == (0, 69, pytest.approx(0.5))


def test_a_note_without_end_lasts_to_the_last_note_event():
    data = smf(b"\x00\x90\x45\x64" + b"\x00\x90\x47\x64" + b"\x60\x80\x47\x00" + b"\x60\xb0\x40\x00")
    assert notes_of(parse(data)).duration_s.tolist() == pytest.approx([0.5, 0.5])


BAD = {
    "empty": (b"", "empty file"),
    "text": (b"Johann Sebastian Bach", "not a MIDI file: its header chunk MThd is missing"),
    "wav": (b"RIFF\x24\x00\x00\x00WAVEfmt ", "not a MIDI file: its header chunk MThd is missing"),
    "empty wrapper": (b"RIFF\x24\x00\x00\x00RMIDdata", "empty file"),
    "header only": (smf(A4)[:14], "MIDI file has no notes"),
    "cut header": (smf(A4)[:13], "MIDI header is cut short"),
    "name only": (b"MThd", "MIDI header is cut short"),
    "no tracks": (smf(), "MIDI file has no notes"),
    "silent track": (smf(b"\x00\xc0\x00\x00\xb0\x07\x50"), "MIDI file has no notes"),
    "velocity 0 only": (smf(b"\x00\x90\x45\x00"), "MIDI file has no notes"),
    "0 ticks": (smf(A4, division=0), "MIDI header states 0 ticks a quarter note"),
    "data first": (
        smf(b"\x00\x45\x64"),
        "MIDI file has no notes: track 1 has 2 stray bytes, which are passed over",
    ),
    "endless number": (smf(b"\xff\xff\xff\xff\x7f"), "MIDI file has no notes"),
    "0 ticks a frame": (smf(A4, division=0xE700), "MIDI header states 0 ticks a frame"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_music_says_why(tmp_path, case):
    data, reason = BAD[case]
    (tmp_path / "piece.mid").write_bytes(data)
    with pytest.raises(PieceError) as caught:
        read(tmp_path / "piece.mid")
    assert str(caught.value) == reason


def test_a_file_that_cannot_be_opened_says_why(tmp_path):
    with pytest.raises(PieceError, match=r"^cannot be read: No such file or directory$"):
        read(tmp_path / "nowhere.mid")
    with pytest.raises(PieceError, match=r"^cannot be read: Is a directory$"):
        read(tmp_path)


def damaged(data, seed):
    """Flipped bits, other bytes, cuts and insertions; always the same for a seed."""
    rng = np.random.default_rng(seed)
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 12))):
        position = int(rng.integers(len(changed)))
        match int(rng.integers(5)):
            case 0:
                changed[position] ^= 1 << int(rng.integers(8))
            case 1:
                changed[position] = int(rng.integers(256))
            case 2:
                changed[position] = int(rng.choice([0, 0x7F, 0x80, 0xFF]))
            case 3:
                del changed[position : position + int(rng.integers(1, 9))]
            case 4:
                changed[position:position] = rng.bytes(4)
    return bytes(changed)


def parsed(data):
    """The events, or None where the file is refused."""
    try:
        return parse(data)
    except PieceError:
        return None


def check_events(events):
    assert np.isfinite(events.time_s).all()
    assert events.time_s.min() >= 0
    assert (np.diff(events.time_s) >= 0).all()
    assert set(events.kind.tolist()) <= {NOTE_OFF, NOTE_ON, POLY, CONTROL, PROGRAM, PRESSURE, PITCH_BEND}
    assert max(events.data1.max(), events.data2.max()) < 128
    notes = notes_of(events)
    assert len(notes) == (events.kind == NOTE_ON).sum()
    assert (notes.duration_s >= 0).all()
    assert notes.velocity.min() > 0
    assert len(notes.fingerprint()) == 64
    assert not onset_rate_hz(notes) <= 0  # NaN for a single onset


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_a_damaged_file_parses_or_says_why(write_midi, note, kind):
    data = random_piece(write_midi, note, 7, kind=min(kind, 1)).read_bytes()
    data = data[:9] + bytes([kind]) + data[10:]
    files = [parsed(damaged(data, seed)) for seed in range(150)]
    readable = [events for events in files if events is not None]
    for events in readable:
        check_events(events)
    assert 15 < len(readable) < 150  # both happen


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=600))
def test_any_bytes_after_a_header_parse_or_are_refused(data):
    events = parsed(smf(A4 + data))
    if events is not None:
        check_events(events)


def test_times_of_a_scaled_piece_are_multiples_and_nothing_else_changes():
    events = parse(smf(A4, b"\x30" + A4[1:]))
    scaled = events.scaled(3.0)
    np.testing.assert_array_equal(scaled.time_s, 3 * events.time_s)
    for name in ("port_channel", "kind", "data1", "data2", "track"):
        np.testing.assert_array_equal(getattr(scaled, name), getattr(events, name))
    assert len(events.where(events.track == 1)) == 2


def metre(numerator, denominator, tick=0):
    return tick, mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)


@pytest.mark.parametrize(
    ("numerator", "denominator"), [(6, 8), (4, 4), (2, 2), (9, 16), (12, 8), (7, 1), (3, 64)]
)
def test_the_metre_is_what_the_file_states(write_midi, note, numerator, denominator):
    path = write_midi([metre(numerator, denominator), *note(0, 480, 60)])
    assert first_metre(path) == f"{numerator}/{denominator}"


def test_a_file_that_states_no_metre_has_none(write_midi, note):
    """The standard's 4/4 is a default for printing, no statement about the music."""
    assert first_metre(write_midi(note(0, 480, 60))) == ""


@pytest.mark.parametrize("kind", [0, 1])
def test_the_first_metre_in_time_counts_whatever_the_order_of_tracks(write_midi, note, kind):
    late, early = [metre(3, 4, 960), *note(0, 480, 60)], [metre(2, 4, 480), metre(6, 8, 720)]
    tracks = [late, early] if kind else [late + early]
    assert first_metre(write_midi(*tracks, kind=kind)) == "2/4"


def test_of_two_metres_at_once_the_files_first_counts(write_midi, note):
    assert first_metre(write_midi([metre(3, 4), metre(4, 4), *note(0, 480, 60)])) == "3/4"


def test_a_metre_is_no_event_and_changes_nothing_that_sounds(write_midi, note):
    bare, stated = (
        read(write_midi(track, name=name))
        for name, track in (("a.mid", note(0, 480, 60)), ("b.mid", [metre(6, 8), *note(0, 480, 60)]))
    )
    assert rows_of(bare) == rows_of(stated)


def rows_of(events):
    return list(zip(events.time_s.tolist(), events.kind.tolist(), events.data1.tolist(), strict=True))


@pytest.mark.parametrize(
    "signature",
    [b"\x00\xff\x58\x03\x06\x03\x24", b"\x00\xff\x58\x00", b"\x00\xff\x59\x02\x00\x01"],
    ids=["too short", "empty", "a key signature"],
)
def test_what_is_no_time_signature_is_passed_over(tmp_path, signature):
    (tmp_path / "piece.mid").write_bytes(smf(signature + A4))
    assert first_metre(tmp_path / "piece.mid") == ""


def test_a_denominator_beyond_reason_is_bounded(tmp_path):
    (tmp_path / "piece.mid").write_bytes(smf(b"\x00\xff\x58\x04\x06\xff\x18\x08" + A4))
    assert first_metre(tmp_path / "piece.mid") == "6/1024"


def test_the_metre_of_what_is_no_music_says_why(tmp_path):
    with pytest.raises(PieceError, match=r"^cannot be read: No such file or directory$"):
        first_metre(tmp_path / "nowhere.mid")
    (tmp_path / "piece.mid").write_bytes(b"Johann Sebastian Bach")
    with pytest.raises(PieceError, match="not a MIDI file"):
        first_metre(tmp_path / "piece.mid")
