"""Statistics of notes: what does not change them, and known values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.models.notes.harmony import harmony
from earmark.models.notes.histogram import binned, counted, shares
from earmark.models.notes.melody import melody
from earmark.models.notes.passage import Passage
from earmark.models.notes.rhythm import rhythm
from earmark.models.notes.statistics import dimensions, note_statistics
from earmark.models.notes.texture import texture

MAJOR_SCALE = np.array([60, 62, 64, 65, 67, 69, 71, 72])


def line(pitch, step_s=0.5, sounding=0.9):
    onset_s = step_s * np.arange(len(pitch))
    return Passage.of(onset_s, onset_s + sounding * step_s, np.asarray(pitch))


def random_passage(seed, count=60):
    rng = np.random.default_rng(seed)
    onset_s = np.sort(np.round(rng.uniform(0, 20, count) * 8) / 8)
    return onset_s, onset_s + rng.choice([0.1, 0.25, 0.5, 1.0], count), rng.integers(45, 80, count)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("semitones", [-7, 5])
def test_harmony_melody_and_rhythm_do_not_depend_on_the_key(seed, semitones):
    onset_s, end_s, pitch = random_passage(seed)
    one, other = Passage.of(onset_s, end_s, pitch), Passage.of(onset_s, end_s, pitch + semitones)
    for statistics in (harmony, melody, rhythm):
        assert statistics(other) == pytest.approx(statistics(one), abs=1e-9)
    assert not np.allclose(texture(one), texture(other))


@given(seed=st.integers(0, 10_000), count=st.integers(0, 40))
@settings(max_examples=40, deadline=None)
def test_any_notes_give_finite_numbers_whatever_their_order(seed, count):
    onset_s, end_s, pitch = random_passage(seed, count)
    values = note_statistics(onset_s, end_s, pitch)
    assert values.shape == (dimensions(),)
    assert np.isfinite(values).all()
    order = np.random.default_rng(seed).permutation(count)
    assert note_statistics(onset_s[order], end_s[order], pitch[order]) == pytest.approx(values, abs=1e-5)


def test_of_too_few_notes_nothing_is_said():
    assert not note_statistics(np.arange(3.0), np.arange(3.0) + 1, np.array([60, 64, 67])).any()


def test_the_tonic_of_a_scale():
    assert line(MAJOR_SCALE).tonic == 0
    assert line(MAJOR_SCALE + 3).tonic == 3


def test_intervals_of_a_rising_scale():
    intervals = melody(line(MAJOR_SCALE))[:27] ** 2  # shares, from -13 to 13 semitones
    assert intervals[13 + 2] == pytest.approx(5 / 7)
    assert intervals[13 + 1] == pytest.approx(2 / 7)


def test_a_longer_pace_moves_seconds_and_not_ratios():
    onset_s, end_s, pitch = random_passage(1)
    one, slow = rhythm(Passage.of(onset_s, end_s, pitch)), rhythm(Passage.of(2 * onset_s, 2 * end_s, pitch))
    seconds, relative = slice(0, 14), slice(14, 14 + 24 + 23)
    assert slow[relative] == pytest.approx(one[relative], abs=1e-9)
    assert slow[seconds][2:] == pytest.approx(one[seconds][:-2], abs=1e-9)  # an octave is two bins


def test_texture_counts_voices():
    chord = Passage.of(np.repeat([0.0, 1.0], 3), np.repeat([1.0, 2.0], 3), np.tile([60, 64, 67], 2))
    values = texture(chord)
    polyphony = values[32:42] ** 2
    assert polyphony[3] > 0.95  # the roll's last column is silent
    assert (values[-8:] ** 2)[2] == pytest.approx(1)  # all chords have three notes


def test_histograms_are_square_roots_of_shares():
    assert shares(np.array([1.0, 3.0])) ** 2 == pytest.approx([0.25, 0.75])
    assert not shares(np.zeros(3)).any()
    assert counted(np.array([-9, 0, 9, 9]), -1, 1) ** 2 == pytest.approx([0.25, 0.25, 0.5])
    assert binned(np.array([-9.0, 0.5, 2.0]), np.array([0.0, 1.0, 2.0])) ** 2 == pytest.approx([2 / 3, 1 / 3])
