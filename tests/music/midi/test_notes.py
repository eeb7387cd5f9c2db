"""Notes paired from events, their fingerprint and onset rate."""

import math

import mido
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earmark.music.midi.notes import Notes, notes_of, onset_rate_hz
from earmark.music.midi.smf import CONTROL, NOTE_OFF, NOTE_ON, PROGRAM, Events, read


@pytest.fixture
def notes():
    """Notes of (onset_s, duration_s, pitch), played by one program."""

    def make(*rows, program=0, velocity=90, is_drum=False):
        onset_s, duration_s, pitch = np.array(rows, dtype=float).reshape(-1, 3).T
        count = len(onset_s)
        return Notes(
            onset_s,
            duration_s,
            pitch.astype(np.int16),
            np.full(count, velocity),
            np.full(count, program),
            np.full(count, is_drum),
        )

    return make


MELODY = [(0.5, 0.4, 60), (1.0, 0.4, 64), (1.5, 0.4, 67), (1.5, 0.9, 48), (2.5, 0.2, 72)]


def test_two_parts_in_unison_keep_their_own_notes(events_of):
    notes = notes_of(events_of((0.0, 0.5, 69, 0, 0), (0.0, 2.0, 69, 0, 1), (0.25, 1.0, 69, 1, 0)))
    assert sorted(notes.duration_s.tolist()) == [0.5, 0.75, 2.0]


def test_notes_of_one_key_end_in_the_order_in_which_they_began(events_of):
    notes = notes_of(events_of((0.0, 1.0, 69, 0, 0), (0.5, 2.0, 69, 0, 0)))
    assert notes.duration_s.tolist() == [1.0, 1.5]


def test_a_note_off_without_a_note_is_dropped(events_of):
    events = events_of((0.0, 1.0, 69, 0, 0), (0.5, 2.0, 71, 0, 0))
    without_first = events.where(~((events.kind == 0x90) & (events.data1 == 69)))
    notes = notes_of(without_first)
    assert (notes.pitch.tolist(), notes.duration_s.tolist()) == ([71], [1.5])


def paired_one_by_one(events):
    """(onset, end, pitch, velocity, program) by the definition, event by event."""
    is_note = (events.kind == NOTE_ON) | (events.kind == NOTE_OFF)
    last_s = max(events.time_s[is_note], default=0.0)
    rows = list(zip(events.time_s, events.port_channel, events.kind, events.data1, events.data2, strict=True))
    program, playing, found = {}, {}, []
    for row, (_, channel, kind, first, _) in enumerate(rows):
        if kind == PROGRAM:
            program[channel] = first
        playing[row] = program.get(channel, 0)
    ends = {}

    def match(ons_and_offs):
        """Of one key: those without a partner, by brackets; the others end in their order."""
        open_rows, loose = [], []
        for row in ons_and_offs:
            if rows[row][2] == NOTE_ON:
                open_rows.append(row)
            elif open_rows:
                open_rows.pop()
            else:
                loose.append(row)
        rest = [row for row in ons_and_offs if row not in open_rows and row not in loose]
        ons, offs = ([row for row in rest if rows[row][2] == kind] for kind in (NOTE_ON, NOTE_OFF))
        ends.update(zip(ons, offs, strict=True))
        return sorted([*open_rows, *loose])

    def by(key, some):
        keys = {}
        for row in some:
            keys.setdefault(key(row), []).append(row)
        return keys.values()

    in_track = lambda row: (events.track[row], *rows[row][1:4:2])  # noqa: E731
    rest = [row for group in by(in_track, np.flatnonzero(is_note).tolist()) for row in match(group)]
    for row in sorted(row for row in rest if rows[row][2] == NOTE_ON):
        same = [
            other
            for other in rest
            if other < row
            and rows[other][2] == NOTE_OFF
            and (in_track(other), rows[other][0]) == (in_track(row), rows[row][0])
        ]
        if same:
            ends[row] = row
            rest = [other for other in rest if other not in (row, min(same))]
    rest = [row for group in by(lambda row: rows[row][1:4:2], sorted(rest)) for row in match(group)]
    strikes = {
        row: group for group in by(in_track, np.flatnonzero(events.kind == NOTE_ON).tolist()) for row in group
    }
    for row in sorted((row for row in rest if rows[row][2] == NOTE_ON), reverse=True):
        later = [other for other in strikes[row] if other > row]
        if later and rows[later[0]][0] == rows[row][0]:
            if later[0] in ends:
                ends[row] = ends[later[0]]
        elif later:
            ends[row] = later[0]
    for row in np.flatnonzero(events.kind == NOTE_ON).tolist():
        time_s, _, _, pitch, velocity = rows[row]
        found.append([time_s, rows[ends[row]][0] if row in ends else last_s, pitch, velocity, playing[row]])
    return np.array(found, dtype=float).reshape(-1, 5)


@settings(deadline=None, max_examples=60)
@given(count=st.integers(0, 300), seed=st.integers(0, 2**32 - 1))
def test_any_order_of_events_is_paired_as_it_would_be_one_by_one(count, seed):
    random = np.random.default_rng(seed)
    kinds = random.choice([NOTE_ON, NOTE_OFF, PROGRAM, CONTROL], count, p=[0.4, 0.4, 0.1, 0.1])
    events = Events(
        time_s=np.sort(random.integers(0, 40, count) / 7),
        port_channel=random.choice([0, 9, 16], count).astype(np.int16),
        kind=kinds.astype(np.uint8),
        data1=random.integers(60, 63, count).astype(np.uint8),
        data2=random.integers(1, 128, count).astype(np.uint8),
        track=random.integers(0, 2, count).astype(np.int16),
    )
    notes, expected = notes_of(events), paired_one_by_one(events)
    ends_s = notes.onset_s + notes.duration_s
    columns = (notes.onset_s, ends_s, notes.pitch, notes.velocity, notes.program)
    np.testing.assert_allclose(np.stack(columns, axis=1), expected, atol=1e-12)


def test_the_program_is_that_in_force_at_the_onset(write_midi, note):
    def program(number, channel):
        return mido.Message("program_change", program=number, channel=channel)

    path = write_midi(
        [(0, program(19, 0)), *note(0, 480, 60), (480, program(40, 0)), *note(480, 960, 62)],
        [(100, program(73, 1)), *note(0, 480, 64, 1), *note(120, 480, 66, 1), *note(240, 480, 36, 9)],
    )
    notes = notes_of(read(path))
    programs = dict(zip(notes.pitch.tolist(), notes.program.tolist(), strict=True))
    assert programs == {60: 19, 62: 40, 64: 0, 66: 73, 36: 0}
    assert notes.pitch[notes.is_drum].tolist() == [36]


def test_a_piece_ends_with_the_note_that_ends_last(notes):
    assert notes((0, 5, 60), (1, 1, 62)).end_s == 5
    assert notes().end_s == 0


SAME = {
    "another instrument": lambda rows, notes: notes(*rows, program=40),
    "played louder": lambda rows, notes: notes(*rows, velocity=120),
    "later": lambda rows, notes: notes(*[(onset + 7.3, length, pitch) for onset, length, pitch in rows]),
    "parts in another order": lambda rows, notes: notes(*rows[::-1]),
    "held 1 ms longer": lambda rows, notes: notes(
        *[(onset, length + 0.001, key) for onset, length, key in rows]
    ),
}
OTHER = {
    "transposed": lambda rows, notes: notes(*[(onset, length, pitch + 2) for onset, length, pitch in rows]),
    "faster": lambda rows, notes: notes(*[(onset / 2, length / 2, pitch) for onset, length, pitch in rows]),
    "a note less": lambda rows, notes: notes(*rows[:-1]),
    "a note twice": lambda rows, notes: notes(*rows, rows[-1]),
    "staccato": lambda rows, notes: notes(*[(onset, length / 2, pitch) for onset, length, pitch in rows]),
    "two pitches changed places": lambda rows, notes: notes((0.5, 0.4, 64), (1.0, 0.4, 60), *rows[2:]),
    "nothing": lambda rows, notes: notes(),
}


@pytest.mark.parametrize("change", SAME)
def test_the_fingerprint_of_the_same_notes_is_the_same(notes, change):
    assert SAME[change](MELODY, notes).fingerprint() == notes(*MELODY).fingerprint()


@pytest.mark.parametrize(("ticks", "rest"), [(24, 0), (96, 1), (384, 7), (1000, 1), (1024, 7), (10080, 7)])
def test_the_fingerprint_is_the_same_at_any_resolution_of_the_file(write_midi, note, ticks, rest):
    # At 160 crotchets a minute a semiquaver lasts 93.75 ms and four 375 ms: half-way between two points
    # of the grid, to which one resolution comes from above and another from below.
    def fingerprint(ticks, rest):
        start, step = rest * ticks, ticks // 4
        events = [note(start + i * step, start + (i + 1) * step, 60 + i % 12) for i in range(100)]
        speed = (0, mido.MetaMessage("set_tempo", tempo=375_000))
        path = write_midi([speed, *(event for pair in events for event in pair)], ticks=ticks)
        return notes_of(read(path)).fingerprint()

    assert fingerprint(ticks, rest) == fingerprint(480, 0)


def test_fingerprints_of_other_notes_all_differ(notes):
    prints = [
        notes(*MELODY).fingerprint(),
        *(change(MELODY, notes).fingerprint() for change in OTHER.values()),
    ]
    assert len(set(prints)) == len(OTHER) + 1


@pytest.mark.parametrize("gap_s", [0.05, 0.25, 1.0])
def test_the_onset_rate_of_even_notes_is_one_over_their_distance(notes, gap_s):
    assert onset_rate_hz(notes(*[(i * gap_s, 0.1, 60) for i in range(40)])) == pytest.approx(1 / gap_s)


def test_a_chord_is_one_onset(notes):
    chords = [
        (i * 0.5 + late, 0.4, pitch) for i in range(20) for late, pitch in ((0, 60), (0.02, 64), (0.029, 67))
    ]
    assert onset_rate_hz(notes(*chords)) == pytest.approx(2.0)


def test_rests_do_not_change_the_onset_rate(notes):
    even = [(i * 0.25, 0.2, 60) for i in range(200)]
    rested = [(onset + (30 if onset > 25 else 0), length, pitch) for onset, length, pitch in even]
    assert onset_rate_hz(notes(*rested)) == pytest.approx(onset_rate_hz(notes(*even))) == pytest.approx(4)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    gaps_s=st.lists(st.floats(0.1, 1.5), min_size=2, max_size=60),
    factor=st.floats(0.4, 8),  # no gap becomes that of a chord
)
def test_scaling_time_divides_the_onset_rate(notes, gaps_s, factor):
    onsets = np.cumsum(gaps_s)
    rate = onset_rate_hz(notes(*[(onset, 0.1, 60) for onset in onsets]))
    scaled = onset_rate_hz(notes(*[(onset * factor, 0.1, 60) for onset in onsets]))
    assert scaled == pytest.approx(rate / factor)


def test_drums_set_the_pace_only_where_nothing_else_plays(events_of):
    melody = [(i * 0.5, i * 0.5 + 0.4, 60, 0, 0) for i in range(20)]
    drums = [(i * 0.125, i * 0.125 + 0.1, 36, 9, 1) for i in range(80)]
    assert onset_rate_hz(notes_of(events_of(*melody, *drums))) == pytest.approx(2)
    assert onset_rate_hz(notes_of(events_of(*drums))) == pytest.approx(8)


@pytest.mark.parametrize("rows", [[], [(1, 1, 60)], [(1, 1, 60), (1.01, 1, 64)]])
def test_fewer_than_two_onsets_have_no_rate(notes, rows):
    assert math.isnan(onset_rate_hz(notes(*rows)))
