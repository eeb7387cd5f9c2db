"""Clips: from seconds to frames, where they begin, and what they hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.music.clip_geometry import ClipGeometry, clip_of, clip_starts
from earmark.music.settings import ClipSettings


@pytest.mark.parametrize(
    ("clip_s", "hop_s", "rate_hz", "frames", "hop"),
    [(10.0, 5.0, 21.5, 215, 108), (2.0, 0.5, 8.0, 16, 4), (0.01, 0.01, 10.0, 1, 1)],
)
def test_lengths_in_frames(clip_s, hop_s, rate_hz, frames, hop):
    dataset = ClipSettings(clip_s=clip_s, evaluation_hop_s=hop_s, evaluation_max_clips=7)
    assert ClipGeometry.of(dataset, rate_hz) == ClipGeometry(frames, hop, 7, rate_hz)


def test_training_clips_begin_anywhere_or_on_a_grid():
    grid = ClipGeometry.of(ClipSettings(clip_s=2.56, evaluation_hop_s=2.56, training_hop_s=2.56), 50.0)
    assert (grid.frames, grid.hop, grid.training_hop) == (128, 128, 128)
    assert ClipGeometry.of(ClipSettings(clip_s=2.56, training_hop_s=0.0), 50.0).training_hop == 1


LENGTHS = st.integers(1, 400)


@settings(deadline=None, max_examples=200)
@given(frames=LENGTHS, clip=LENGTHS, hop=LENGTHS, most=st.integers(0, 30))
def test_clips_lie_evenly_within_the_piece_from_its_beginning_to_its_end(frames, clip, hop, most):
    starts = clip_starts(frames, clip, hop, most)
    assert starts == ClipGeometry(clip, hop, most, 1.0).starts(frames)
    assert starts == sorted(set(starts))
    assert 1 <= len(starts) <= (most or frames)
    last = max(frames - clip, 0)
    assert 0 <= starts[0] <= starts[-1] <= last
    if len(starts) > 1:
        assert (starts[0], starts[-1]) == (0, last)
        assert np.ptp(np.diff(starts)) <= 1  # whole frames
    if most == 0:  # enough clips for the hop; with a hop no longer than a clip nothing is left out
        assert max(np.diff(starts), default=0) <= hop
        assert len(starts) == 1 + -(-last // hop)


@pytest.mark.parametrize(
    ("frames", "clip", "hop", "most", "starts"),
    [
        (40, 10, 10, 0, [0, 10, 20, 30]),
        (41, 10, 10, 0, [0, 8, 16, 23, 31]),
        (1000, 10, 10, 2, [0, 990]),
        (110, 10, 10, 1, [50]),  # the middle
        (9, 10, 3, 18, [0]),
    ],
)
def test_known_starts(frames, clip, hop, most, starts):
    assert clip_starts(frames, clip, hop, most) == starts


def test_a_clip_is_the_frames_asked_for_as_float32():
    piece = np.broadcast_to(np.arange(9, dtype=np.float16), (2, 3, 9))
    clip = clip_of(piece, start=2, frames=4)
    assert (clip.dtype, clip.shape) == (np.float32, (2, 3, 4))
    assert (clip == [2, 3, 4, 5]).all()


def test_past_the_end_a_clip_has_the_lowest_value_of_the_piece():
    piece = np.array([[[-10, -60, -20], [-30, -40, -50]]], dtype=np.float16)
    clip = clip_of(piece, start=1, frames=5)
    assert clip[0].tolist() == [[-60, -20, -60, -60, -60], [-40, -50, -60, -60, -60]]


def test_a_clip_is_a_copy():
    piece = np.zeros((1, 1, 5), dtype=np.float16)
    clip_of(piece, 0, 5)[:] = 99
    assert not piece.any()
