"""FluidSynth, driven by events: the right pitch, the right length, the same bytes."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from earmark.foundation.errors import EarmarkError, PieceError
from earmark.music.midi.smf import (
    CONTROL,
    NOTE_OFF,
    NOTE_ON,
    PITCH_BEND,
    POLY_PRESSURE,
    PRESSURE,
    PROGRAM,
    Events,
    parse,
)
from earmark.music.recordings.audio import Format, resampled
from earmark.music.synthesis import synth
from earmark.music.synthesis.soundfont import soundfont_path
from earmark.music.synthesis.synth import Synthesis, fluidsynth_version, synthesize

FONT = soundfont_path("", Path())
# Of the soundfont's organs, the rock organ is one whose fundamental is strongest.
PIANO, ROCK_ORGAN, STRINGS, SQUARE_WAVE = 0, 18, 48, 80
A4 = (0.0, 1.0, 69, 0, 0)


def play(events, **settings):
    """The whole sound, of shape (samples, 2)."""
    return np.concatenate(list(synthesize(events, Synthesis(FONT, **settings))))


def rms(waveform):
    return float(np.sqrt(np.mean(np.square(waveform, dtype=np.float64))))


def between(waveform, start_s, end_s, rate_hz=44_100):
    return waveform[round(start_s * rate_hz) : round(end_s * rate_hz)]


def followed_by(events, *rows):
    """The events and rows (time_s, channel, kind, data1, data2), in the order of time."""
    old = (events.time_s, events.port_channel, events.kind, events.data1, events.data2, events.track)
    new = np.array([(*row, 0) for row in rows]).T
    columns = [np.concatenate([was, added.astype(was.dtype)]) for was, added in zip(old, new, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return Events(*(column[order] for column in columns))


@pytest.mark.parametrize(
    ("program", "rate_hz"),
    [(PIANO, 8_000), (ROCK_ORGAN, 22_050), (PIANO, 44_100), (ROCK_ORGAN, 96_000)],
)
def test_a_rendered_a4_has_its_peak_at_440_hz(events_of, peak_hz, program, rate_hz):
    sound = play(events_of(A4, program=program), rate_hz=rate_hz, tail_s=0)
    for channel in sound.T:
        assert peak_hz(channel, rate_hz) == pytest.approx(440, abs=0.5)
    for target_hz in {8_000, 22_050} - {rate_hz}:
        (mono,) = np.concatenate(list(resampled([sound], rate_hz, Format(target_hz, 1)))).T
        assert len(mono) == pytest.approx(target_hz, abs=1)
        assert peak_hz(mono, target_hz) == pytest.approx(440, abs=0.5)


@pytest.mark.parametrize("pitch", [33, 45, 57, 81, 93])
def test_an_octave_doubles_the_frequency(events_of, peak_hz, pitch):
    sound = play(events_of((0.0, 1.0, pitch, 0, 0), program=SQUARE_WAVE), tail_s=0)
    assert peak_hz(sound[:, 0], 44_100) == pytest.approx(440 * 2 ** ((pitch - 69) / 12), rel=4e-3)


@pytest.mark.parametrize("rate_hz", [0, 7_999, 96_001])
def test_a_rate_at_which_fluidsynth_does_not_play_is_refused(events_of, rate_hz):
    with pytest.raises(EarmarkError) as caught:
        play(events_of(A4), rate_hz=rate_hz)
    assert str(caught.value) == (
        f"FluidSynth plays at 8000 to 96000 Hz, not at {rate_hz}: set render.synth_rate"
    )
    assert not isinstance(caught.value, PieceError)


def test_what_is_no_soundfont_is_refused(events_of, tmp_path):
    font = tmp_path / "font.sf2"
    font.write_bytes(b"RIFF\x00\x00\x00\x00sfbk and nothing in it")
    with pytest.raises(EarmarkError, match=r"FluidSynth cannot load the soundfont .*font\.sf2"):
        list(synthesize(events_of(A4), Synthesis(font)))


@pytest.mark.parametrize("rate_hz", [8_000, 44_100])
@pytest.mark.parametrize(
    ("end_s", "tail_s", "max_s", "length_s"),
    [
        (1.0, 1.0, 180, 2.0),
        (1.0, 0.0, 180, 1.0),
        (1.2345, 0.5, 180, 1.7345),
        (1.0, 3.0, 2.5, 2.5),  # the limit counts the tail
        (5.0, 1.0, 0.75, 0.75),
        (4.0, 1.0, 0, 5.0),  # no limit
        (0.0001, 0.0001, 180, 0.0002),  # less than a period
    ],
)
def test_there_are_exactly_the_samples_wanted(events_of, rate_hz, end_s, tail_s, max_s, length_s):
    events = events_of((0.0, end_s, 69, 0, 0))
    synthesis = Synthesis(FONT, rate_hz, tail_s=tail_s, max_s=max_s)
    blocks = list(synthesize(events, synthesis))
    assert sum(map(len, blocks)) == synthesis.total_samples(events) == round(length_s * rate_hz)
    assert all(block.dtype == np.float32 and block.shape[1] == 2 for block in blocks)
    assert max(map(len, blocks)) <= synth.BLOCK


def test_controllers_after_the_last_note_do_not_lengthen_a_piece(events_of):
    events = followed_by(events_of(A4), (60.0, 0, CONTROL, 64, 0))
    assert Synthesis(FONT).total_samples(events) == 88_200


def test_a_longer_piece_begins_as_a_cut_one(events_of):
    # Blocks and their borders leave no trace.
    events = events_of(*[(i * 0.3, i * 0.3 + 0.4, 60 + i, 0, 0) for i in range(12)])
    whole, cut = play(events), play(events, max_s=2.0)
    assert len(whole) > synth.BLOCK
    np.testing.assert_array_equal(whole[: len(cut)], cut)


def test_what_is_due_after_a_cut_is_not_heard_before_it(events_of):
    # A cut within a period of 64 samples: all notes still to come began in what was left of it.
    late = [(10.0, 11.0, pitch, 0, 0) for pitch in range(40, 100)]
    cut = play(events_of(A4, *late), max_s=1.0001)
    np.testing.assert_array_equal(cut, play(events_of(A4), max_s=1.0001))


def test_the_tail_holds_the_release_and_dies_away(events_of):
    sound = play(events_of(A4, program=STRINGS), tail_s=3)
    assert rms(between(sound, 1.0, 1.1)) > 0.1 * rms(between(sound, 0.5, 1.0))
    assert rms(between(sound, 3.9, 4.0)) < 1e-3 * rms(between(sound, 0.5, 1.0))


def test_a_note_sounds_when_it_is_due(events_of):
    sound = play(events_of((0.5, 1.0, 69, 0, 0)))
    assert not between(sound, 0, 0.5 - 64 / 44_100).any()
    assert rms(between(sound, 0.5, 0.55)) > 1e-4


@pytest.mark.parametrize(
    "effects", [{}, {"reverb": True}, {"chorus": True}, {"reverb": True, "chorus": True}]
)
def test_a_piece_sounds_the_same_every_time(events_of, effects):
    events = events_of(A4, (0.5, 1.5, 76, 3, 1), (0.2, 0.3, 38, 9, 2), program=STRINGS)
    first = play(events, **effects)
    play(events_of((0.0, 1.0, 50, 0, 0)), **effects)  # another piece in between leaves nothing behind
    np.testing.assert_array_equal(play(events, **effects), first)
    assert rms(first) > 1e-3


def test_effects_are_heard_and_their_absence_too(events_of):
    events = followed_by(events_of(A4), (0.0, 0, CONTROL, 91, 127), (0.0, 0, CONTROL, 93, 127))
    plain, reverb, chorus = play(events), play(events, reverb=True), play(events, chorus=True)
    for one, other in [(plain, reverb), (plain, chorus), (reverb, chorus)]:
        assert rms(one - other) > 0.01 * rms(plain)


CODE = """
import hashlib, sys
from pathlib import Path
from earmark.music.midi.smf import read
from earmark.music.synthesis.synth import Synthesis, synthesize
digest = hashlib.sha256()
for block in synthesize(read(Path(sys.argv[1])), Synthesis(Path(sys.argv[2]), reverb=True, chorus=True)):
    digest.update(block.tobytes())
print(digest.hexdigest())
"""


def test_a_piece_sounds_the_same_in_a_fresh_process(write_midi, note, python):
    path = write_midi([event for i in range(8) for event in note(i * 240, i * 240 + 400, 60 + i)])
    here = play(parse(path.read_bytes()), reverb=True, chorus=True)
    out, err = python(CODE, path, FONT).communicate()
    assert err == ""
    assert out.strip() == hashlib.sha256(here.tobytes()).hexdigest()


def test_gain_is_a_factor(events_of):
    events = events_of(A4)
    np.testing.assert_allclose(play(events, gain=0.4), 2 * play(events, gain=0.2), atol=1e-6)


def test_two_parts_in_unison_do_not_cut_each_other_s_notes(events_of):
    alone = play(events_of((0.0, 2.0, 69, 0, 0), program=ROCK_ORGAN), tail_s=2)
    for short, long in [(0, 1), (1, 0)]:
        parts = (0.0, 0.5, 69, 0, short), (0.0, 2.0, 69, 0, long)
        together = play(events_of(*parts, program=ROCK_ORGAN), tail_s=2)
        assert rms(between(together, 1.0, 2.0)) == pytest.approx(rms(between(alone, 1.0, 2.0)), rel=0.3)
        assert rms(between(together, 3.5, 4.0)) < 1e-3 * rms(between(alone, 1.0, 2.0))  # and both end


def test_a_note_that_begins_as_another_part_leaves_it_is_kept(events_of):
    # At 1 s the second part takes over the pitch, in a track before or after that of the first.
    alone = play(events_of((1.0, 2.0, 69, 0, 0), program=ROCK_ORGAN))
    for first, second in [(0, 1), (1, 0)]:
        events = events_of((1.0, 2.0, 69, 0, second), (0.0, 1.0, 69, 0, first), program=ROCK_ORGAN)
        sound = play(events)
        assert rms(between(sound, 1.2, 2.0)) == pytest.approx(rms(between(alone, 1.2, 2.0)), rel=0.3)


def test_a_released_key_is_silent_when_only_one_part_held_it(events_of):
    sound = play(events_of((0.0, 0.5, 69, 0, 0), (0.0, 2.0, 81, 1, 1), program=ROCK_ORGAN))
    alone = play(events_of((0.0, 2.0, 81, 1, 1), (3.0, 3.0, 69, 0, 0), program=ROCK_ORGAN))
    late = slice(round(1.2 * 44_100), 2 * 44_100)
    assert rms(sound[late]) == pytest.approx(rms(alone[late]), rel=0.02)


def levels_db(waveform, seconds, rate_hz=44_100):
    """Level of each tenth of a second that a waveform has in its first seconds."""
    size = rate_hz // 10
    mono = np.square(waveform.astype(np.float64)).mean(axis=1)
    return 10 * np.log10(mono[: int(seconds * 10) * size].reshape(-1, size).mean(axis=1) + 1e-12)


def repeated(late_s, *, on_first, tracks=1, port_channel=0):
    """Eight notes of one key, each struck as the one before ends, or so many seconds earlier."""
    rows = []
    for number in range(8):
        rows.append((0.5 * number, 0 if on_first else 1, NOTE_ON, number % tracks))
        rows.append((0.5 * number + 0.5 + late_s, 1 if on_first else 0, NOTE_OFF, number % tracks))
    rows.sort(key=lambda row: row[:2])
    time_s, _, kind, track = (np.array(column) for column in zip(*rows, strict=True))
    count = len(rows)
    return Events(
        time_s.astype(np.float64),
        np.full(count, port_channel, np.int16),
        kind.astype(np.uint8),
        np.full(count, 60, np.uint8),
        np.full(count, 80, np.uint8),
        track.astype(np.int16),
    )


@pytest.mark.parametrize("pedal", [False, True])
@pytest.mark.parametrize("tracks", [1, 2])
@pytest.mark.parametrize("late_s", [0.0, 0.001, 0.01, 0.1])
@pytest.mark.parametrize("program", [PIANO, ROCK_ORGAN])
def test_a_repeated_key_sounds_to_its_end_whatever_the_order(late_s, tracks, pedal, program):
    rows = [(0.0, 0, PROGRAM, program, 0), *([(0.0, 0, CONTROL, 64, 127)] if pedal else [])]
    tidy, late = (
        followed_by(each, *rows)
        for each in (repeated(0.0, on_first=False), repeated(late_s, on_first=True, tracks=tracks))
    )
    settings = {"rate_hz": 22_050, "tail_s": 0.0, "max_s": 4.0}
    expected, found = (levels_db(play(each, **settings), 3.9, 22_050) for each in (tidy, late))
    np.testing.assert_allclose(found, expected, atol=1.0)


@pytest.mark.parametrize("off_first", [False, True])
def test_a_note_of_no_length_does_not_ring_on(events_of, off_first):
    events = events_of((1.0, 1.0, 69, 0, 0), (4.0, 4.1, 30, 1, 1), program=ROCK_ORGAN)
    rows = np.arange(len(events))
    on, off = (int(np.flatnonzero((events.kind == kind) & (events.data1 == 69))[0]) for kind in (0x90, 0x80))
    if off_first:
        rows[[on, off]] = rows[[off, on]]
    sound = play(events.where(rows))
    assert rms(between(sound, 2.0, 3.9)) < 1e-4


def test_a_key_without_a_note_off_does_not_hold_later_notes(events_of):
    # The first of three notes is never let go: the others end nevertheless.
    tidy = events_of((0.0, 0.5, 69, 0, 0), (1.0, 1.5, 69, 0, 0), (4.0, 4.1, 30, 1, 1), program=ROCK_ORGAN)
    is_first_off = (tidy.kind == NOTE_OFF) & (tidy.time_s == 0.5)
    sound = play(tidy.where(~is_first_off))
    assert rms(between(sound, 0.6, 0.9)) > 100 * rms(between(sound, 2.5, 3.9))


@pytest.mark.parametrize(("port", "channel"), [(1, 0), (3, 9), (15, 0), (16, 9), (100, 0), (255, 9)])
def test_a_port_sounds_like_the_first_one(events_of, port, channel):
    # Drums of any port are drums; and a piece may name a port that FluidSynth has not.
    notes = [(0.0, 0.5, 38, channel, 0), (0.5, 1.0, 69, channel, 0)]
    moved = [(start_s, end_s, pitch, 16 * port + at, track) for start_s, end_s, pitch, at, track in notes]
    np.testing.assert_array_equal(play(events_of(*moved)), play(events_of(*notes)))


@pytest.mark.parametrize("port", [1, 2, 15])
def test_drums_of_every_port_are_drums_next_to_a_melody_on_the_first(events_of, port):
    others = [A4, *((0.0, 0.1, 60, 16 * each, 0) for each in range(1, port))]
    first, there = (
        events_of(*others, (0.3, 0.5, 38, channel, 1), (0.6, 0.8, 42, channel, 1))
        for channel in (9, 16 * port + 9)
    )
    np.testing.assert_array_equal(play(there), play(first))


def test_more_ports_than_fluidsynth_has_all_sound(events_of, peak_hz):
    others = [(0.0, 0.1, 30, 16 * port, 0) for port in range(40)]
    sound = play(events_of(*others, (0.5, 2.0, 69, 16 * 39 + 3, 0)))
    assert peak_hz(between(sound, 1.0, 2.0)[:, 0], 44_100) == pytest.approx(440, abs=1)


def test_ports_keep_their_own_programs(events_of):
    organ = play(events_of((0.0, 1.0, 69, 16, 0), program=ROCK_ORGAN))
    both = followed_by(events_of((0.0, 1.0, 69, 16, 0), program=ROCK_ORGAN), (0.0, 0, PROGRAM, 73, 0))
    np.testing.assert_array_equal(play(both), organ)


def test_drums_are_not_the_piano(events_of):
    drum, piano = (play(events_of((0.0, 0.5, 69, channel, 0))) for channel in (9, 0))
    assert rms(drum - piano) > 0.5 * rms(drum)


def with_drums(events, channel, *, is_drum):
    """The events, of which those of a channel are drums or not."""
    return replace(events, is_drum=np.where(events.port_channel == channel, is_drum, events.is_drum))


def test_drums_of_another_channel_and_a_melody_on_channel_10_sound_alike_elsewhere(events_of):
    kit = [(0.0, 0.2, 38), (0.3, 0.5, 42), (0.6, 0.8, 45)]
    for is_drum, there, usual in ((True, 10, 9), (False, 9, 0)):
        moved, expected = (
            events_of(*((start, end, pitch, channel, 0) for start, end, pitch in kit))
            for channel in (there, usual)
        )
        np.testing.assert_array_equal(play(with_drums(moved, there, is_drum=is_drum)), play(expected))


def test_a_melody_on_channel_10_has_the_programs_that_it_chooses(events_of):
    here, there = (events_of((0.1, 1.0, 69, channel, 0), program=ROCK_ORGAN) for channel in (0, 9))
    np.testing.assert_array_equal(play(with_drums(there, 9, is_drum=False)), play(here))


@pytest.mark.parametrize(
    ("row", "expected_hz"),
    [
        ((PITCH_BEND, 0x7F, 0x7F), 440 * 2 ** (2 / 12)),  # a whole tone up
        ((PITCH_BEND, 0, 0), 440 * 2 ** (-2 / 12)),
        ((PITCH_BEND, 0, 0x40), 440),  # the middle
    ],
)
def test_a_pitch_bend_bends_the_pitch(events_of, peak_hz, row, expected_hz):
    events = followed_by(events_of((0.1, 1.5, 69, 0, 0), program=SQUARE_WAVE), (0.05, 0, *row))
    assert peak_hz(between(play(events), 0.5, 1.5)[:, 0], 44_100) == pytest.approx(expected_hz, rel=2e-3)


def test_volume_pan_and_the_sustain_pedal_are_obeyed(events_of):
    events = events_of((0.1, 0.6, 69, 0, 0), (0.1, 2.0, 30, 1, 0), program=ROCK_ORGAN)
    events = events.where((events.port_channel == 0) | (events.kind != 0x90))  # for the length alone
    plain = play(events)
    assert rms(play(followed_by(events, (0.05, 0, CONTROL, 7, 0)))) < 1e-3 * rms(plain)
    left = play(followed_by(events, (0.05, 0, CONTROL, 10, 0)))
    assert rms(left[:, 1]) < 0.1 * rms(left[:, 0])
    held = play(followed_by(events, (0.05, 0, CONTROL, 64, 127)))
    assert rms(between(plain, 1.5, 2.0)) < 1e-2 * rms(between(plain, 0.2, 0.6))
    assert rms(between(held, 1.5, 2.0)) > 0.5 * rms(between(plain, 0.2, 0.6))


def test_pressure_is_passed_on_and_harms_nothing(events_of):
    events = events_of((0.1, 1.5, 69, 0, 0), program=ROCK_ORGAN)
    plain = play(events)
    for kind in (PRESSURE, POLY_PRESSURE):
        pressed = play(followed_by(events, (0.05, 0, kind, 69 if kind == POLY_PRESSURE else 127, 127)))
        assert rms(pressed) == pytest.approx(rms(plain), rel=0.5)
    assert rms(play(followed_by(events, (0.05, 0, PRESSURE, 127, 0))) - plain) > 1e-3 * rms(plain)


def test_a_damaged_file_that_parses_can_be_played(write_midi, note):
    track = [event for i in range(16) for event in note(i * 240, i * 240 + 400, 60 + i, channel=i)]
    data = write_midi(track).read_bytes()
    played = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        damaged = bytearray(data)
        for place in rng.integers(14, len(data), 6):
            damaged[place] = rng.integers(256)
        try:
            events = parse(bytes(damaged))
        except PieceError:
            continue
        sound = play(events, max_s=1.0, rate_hz=8_000)
        assert len(sound) <= 8_000
        assert np.isfinite(sound).all()
        played += 1
    assert played > 10


@pytest.mark.parametrize(
    ("installed", "advice"),
    [(None, "sudo apt-get install libfluidsynth3"), (ModuleType("fluidsynth"), "pip uninstall fluidsynth")],
)
def test_a_missing_library_is_one_line_that_says_how_to_install_it(events_of, monkeypatch, installed, advice):
    monkeypatch.setitem(sys.modules, "fluidsynth", installed)  # None makes the import fail
    synth.fluidsynth.cache_clear()
    try:
        with pytest.raises(EarmarkError, match=advice) as caught:
            play(events_of(A4))
    finally:
        synth.fluidsynth.cache_clear()
    assert not isinstance(caught.value, PieceError)


def test_the_library_s_version_is_three_numbers():
    assert [number.isdigit() for number in fluidsynth_version().split(".")] == [True, True, True]
    assert fluidsynth_version() >= "2."


def test_a_piece_of_more_than_a_day_is_refused_unless_it_is_cut(events_of):
    events = events_of((0.0, 1e6, 69, 0, 0))
    with pytest.raises(PieceError, match="would last 278 hours: its times are damaged"):
        Synthesis(FONT, max_s=0).total_samples(events)
    assert Synthesis(FONT, max_s=10).total_samples(events) == 441_000


@pytest.mark.parametrize("controller", [120, 123])
def test_a_controller_that_ends_all_notes_ends_them_and_later_ones_sound(events_of, controller):
    events = events_of((0.0, 3.0, 69, 0, 0), (2.0, 3.0, 76, 0, 1), program=ROCK_ORGAN)
    sound = play(followed_by(events, (0.5, 0, CONTROL, controller, 0)))
    assert rms(between(sound, 0.2, 0.45)) > 100 * rms(between(sound, 1.5, 1.9))
    assert rms(between(sound, 2.3, 2.8)) > 100 * rms(between(sound, 1.5, 1.9))
