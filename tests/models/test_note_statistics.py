"""The model of note statistics: from probabilities of notes to those of their notes."""

import numpy as np
import pytest

from earmark.features.ear.spectrum import FRAME_RATE_HZ
from earmark.models.note_statistics import NoteStatistics
from earmark.models.notes.statistics import dimensions, note_statistics


@pytest.fixture
def model():
    return NoteStatistics(channels=2, bands=88, frames=400, pooled_frames=1, onset_threshold=0.5)


def test_clips_give_the_statistics_of_their_notes(model):
    clip = np.zeros((2, 88, 400), np.float32)
    starts = np.arange(10, 390, 20)
    pitches = 60 + np.arange(len(starts)) % 5
    for start, pitch in zip(starts, pitches, strict=True):
        clip[0, pitch - 21, start] = clip[1, pitch - 21, start : start + 15] = 0.9
    (embedding,) = model.forward(clip[None])
    true = note_statistics(starts / FRAME_RATE_HZ, (starts + 15) / FRAME_RATE_HZ, pitches)
    assert embedding == pytest.approx(true, abs=1e-5)


def test_silence_is_zero_and_no_clips_are_none(model):
    assert not model.forward(np.zeros((1, 2, 88, 400), np.float32)).any()
    assert model.forward(np.zeros((0, 2, 88, 400), np.float32)).shape == (0, dimensions())


def test_another_input_is_refused():
    with pytest.raises(ValueError, match="features=notes"):
        NoteStatistics(channels=1, bands=128, frames=400, pooled_frames=1, onset_threshold=0.5)
