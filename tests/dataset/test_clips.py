"""Clips as tensors: random ones repeatable, even ones in order."""

import numpy as np
import pytest
import torch

from earmark.dataset.arrays import FeatureArrays
from earmark.dataset.augment import Augmentation
from earmark.dataset.clips import EvenClips, RandomClips
from earmark.dataset.transpose import Transposition


@pytest.fixture
def arrays(tmp_path):
    """Three pieces of 30, 8 and 12 frames; a frame's value is 100 × piece + its number."""
    lengths = (30, 8, 12)
    for piece, frames in enumerate(lengths):
        values = 100 * piece + np.arange(frames, dtype=np.float16)
        np.save(tmp_path / f"p{piece}.npy", np.broadcast_to(values, (1, 4, frames)))
    return FeatureArrays(tmp_path, ["p0", "p1", "p2"])


def random_clips(arrays, augmentation=None, seed=0):
    return RandomClips(arrays, [5, 6, 7], 10, augmentation or Augmentation(), seed)


def test_a_random_clip_is_a_stretch_of_its_piece_with_its_class(arrays):
    clips = random_clips(arrays)
    assert len(clips) == 3
    starts = set()
    for _ in range(300):
        clip, number = clips[0]
        assert (clip.dtype, clip.shape, number) == (torch.float32, (1, 4, 10), 5)
        start = int(clip[0, 0, 0])
        assert (clip == torch.arange(start, start + 10)).all()
        starts.add(start)
    assert starts == set(range(21))


def test_a_short_piece_is_padded(arrays):
    clip, number = random_clips(arrays)[1]
    assert number == 6
    assert clip[0, 0].tolist() == [*range(100, 108), 100, 100]


def test_equal_seeds_give_equal_clips(arrays):
    augmentation = Augmentation(max_gain_db=6, max_band_shift=1, max_masked_bands=1)
    one, same, other = (random_clips(arrays, augmentation, seed) for seed in (1, 1, 2))
    first, again, different = ([clips[0][0] for _ in range(20)] for clips in (one, same, other))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, different, strict=True))


def test_even_clips_cover_all_pieces_in_order(arrays):
    clips = EvenClips(arrays, frames=10, hop=10, most=0)
    assert clips.places == [(0, 0), (0, 10), (0, 20), (1, 0), (2, 0), (2, 2)]
    for item, (piece, start) in enumerate(clips.places):
        clip, index = clips[item]
        assert (clip.dtype, clip.shape, index) == (torch.float32, (1, 4, 10), piece)
        assert clip[0, 0, 0] == 100 * piece + start
    assert len(clips) == 6


def test_even_clips_are_at_most_so_many_a_piece(arrays):
    assert EvenClips(arrays, frames=10, hop=5, most=2).places == [(0, 0), (0, 20), (1, 0), (2, 0), (2, 2)]


@pytest.mark.parametrize(
    ("hop", "expected"), [(1, range(21)), (4, range(0, 21, 4)), (10, (0, 10, 20)), (25, (0,))]
)
def test_random_clips_begin_at_multiples_of_the_hop_and_lie_within_the_piece(arrays, hop, expected):
    clips = RandomClips(arrays, [5, 6, 7], 10, Augmentation(), 0, hop)
    found = [clips[0][0] for _ in range(300)]
    assert {int(clip[0, 0, 0]) for clip in found} == set(expected)
    assert all((clip[0, 0] == torch.arange(10) + clip[0, 0, 0]).all() for clip in found)
    # A piece of 12 frames has room for 2 frames, a shorter one than a clip for none.
    assert {int(clips[2][0][0, 0, 0]) - 200 for _ in range(50)} == {start for start in expected if start <= 2}
    assert {int(clips[1][0][0, 0, 0]) - 100 for _ in range(20)} == {0}


def test_a_transposition_moves_sound_and_class_together(tmp_path):
    """One loud band of three a semitone at the tonic of each piece's key: there it is, whatever is drawn."""
    keys = [0, 7, 12 + 9, 12 + 11]
    for piece, key in enumerate(keys):
        values = np.full((1, 3 * 36, 20), -80, dtype=np.float16)
        values[:, 3 * (12 + key % 12) + 1] = 0
        np.save(tmp_path / f"k{piece}.npy", values)
    arrays = FeatureArrays(tmp_path, [f"k{piece}" for piece in range(len(keys))])
    clips = RandomClips(arrays, keys, 10, Augmentation(), 0, 1, Transposition(3, 3))
    for piece, key in enumerate(keys):
        drawn = set()
        for _ in range(100):
            clip, number = clips[piece]
            assert (clip.dtype, clip.shape) == (torch.float32, (1, 108, 10))
            (loud,) = {int(band) for band in clip[0].argmax(dim=0)}
            assert (loud // 3) % 12 == number % 12
            assert number // 12 == key // 12
            drawn.add((number - key + 6) % 12 - 6)
        assert drawn == {-3, -2, -1, 0, 1, 2, 3}
