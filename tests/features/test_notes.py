"""Notes as features: shape, pooling, refused settings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.features.ear.decode import decode
from earmark.features.notes import HeardNotes
from earmark.foundation.errors import PieceError

RATE_HZ = 44_100


def test_two_channels_of_88_pitches_at_the_frame_rate(tone):
    sound = tone(440, RATE_HZ, 2.0).T
    front_end = HeardNotes()
    onset, sounding = front_end(sound, RATE_HZ)
    assert onset.shape == sounding.shape == (88, 1 + 2 * 22_050 // 512)
    assert front_end.frame_rate_hz(RATE_HZ) == pytest.approx(43.07, abs=0.01)
    assert int(sounding[:, 40].argmax()) == 69 - 21
    assert 0 <= onset.min() <= onset.max() <= 1


def test_pooling_keeps_the_highest_probability(tone):
    sound = tone(440, RATE_HZ, 2.0).T
    fine, pooled = HeardNotes()(sound, RATE_HZ), HeardNotes(pooled_frames=3)(sound, RATE_HZ)
    assert pooled.shape[2] == -(-fine.shape[2] // 3)
    assert pooled[..., 2] == pytest.approx(fine[..., 6:9].max(axis=-1))


def test_what_cannot_work_is_refused():
    with pytest.raises(ValueError, match=r"audio\.sample_rate"):
        HeardNotes().check(4_000)
    with pytest.raises(ValueError, match="pooled_frames"):
        HeardNotes(pooled_frames=0).check(RATE_HZ)
    with pytest.raises(PieceError, match="no samples"):
        HeardNotes()(np.zeros((1, 0), np.float32), RATE_HZ)


@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(21, 108)),
        min_size=1,
        max_size=40,
        unique_by=lambda note: note,
    ),
    st.integers(0, 40),
)
def test_notes_of_a_file_are_decoded_again(places, late_ms):
    """Onsets a tenth of a second apart, up to 40 ms late, each of 80 ms."""
    rows = sorted((0.1 * place + late_ms / 1000, pitch) for place, pitch in places)
    onset_s, pitch = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    front_end = HeardNotes(notes_of="file", onset_jitter_ms=0)
    both = front_end.of_notes(onset_s, onset_s + 0.08, pitch, 0 * pitch)
    onset, sounding = both.astype(np.float16).astype(np.float32)
    notes = decode(onset, sounding, front_end.frame_rate_hz(RATE_HZ))
    given_order, heard_order = np.lexsort((onset_s, pitch)), np.lexsort((notes.onset_s, notes.pitch))
    assert notes.pitch[heard_order].tolist() == pitch[given_order].tolist()
    assert notes.onset_s[heard_order] == pytest.approx(onset_s[given_order], abs=0.005)


def test_onsets_of_a_file_are_moved_as_little_as_players_do_and_always_alike():
    onset_s, pitch = np.arange(1, 60) * 0.2, np.full(59, 60)
    front_end = HeardNotes(notes_of="file", onset_jitter_ms=8)
    first, again = (front_end.of_notes(onset_s, onset_s + 0.1, pitch, 0 * pitch) for _ in range(2))
    assert np.array_equal(first, again)
    moved = decode(first[0], first[1], front_end.frame_rate_hz(RATE_HZ)).onset_s - onset_s
    assert 0.004 < moved.std() < 0.012
    assert np.abs(moved).max() < 0.04


def test_pitches_that_no_piano_has_are_left_out():
    values = HeardNotes(notes_of="file").of_notes(
        np.array([0.0, 0.5]), np.array([1.0, 1.0]), np.array([10, 60]), np.array([0, 0])
    )
    assert set(np.nonzero(values)[1]) == {60 - 21}


def test_what_is_no_source_of_notes_is_refused():
    with pytest.raises(ValueError, match=r"notes_of=score is none of sound, file"):
        HeardNotes(notes_of="score").check(RATE_HZ)
    with pytest.raises(ValueError, match="onset_jitter_ms"):
        HeardNotes(onset_jitter_ms=80).check(RATE_HZ)


def test_families_of_instruments_lie_above_the_pitches():
    """A violin (40) for a second, then a flute (73) for two."""
    front_end = HeardNotes(notes_of="file", instruments=True)
    times = np.array([0.0, 1.0]), np.array([1.0, 3.0])
    values = front_end.of_notes(*times, np.array([69, 72]), np.array([40, 73]))
    assert front_end.bands() == values.shape[1] == 88 + 16
    sounding_s = values[1, 88:].sum(axis=1) / front_end.frame_rate_hz(RATE_HZ)
    assert set(np.flatnonzero(sounding_s)) == {5, 9}  # strings, pipes
    assert sounding_s[[5, 9]] == pytest.approx([1.0, 2.0], abs=0.05)
    assert np.array_equal(
        values[:, :88], HeardNotes(notes_of="file").of_notes(*times, np.array([69, 72]), np.array([40, 73]))
    )
    assert front_end.bands_per_semitone == 0


def test_instruments_are_read_from_midi_alone(tone):
    with pytest.raises(ValueError, match=r"needs features\.notes_of=file"):
        HeardNotes(notes_of="sound", instruments=True).check(RATE_HZ)
    with pytest.raises(PieceError, match="is a recording"):
        HeardNotes(notes_of="file", instruments=True)(tone(440, RATE_HZ, 1.0).T, RATE_HZ)
