"""Clips as tensors: random ones repeatable, even ones in order."""

import numpy as np
import pytest
import torch

from earmark.learning.dataset.arrays import FeatureArrays
from earmark.learning.dataset.augment import Augmentation
from earmark.learning.dataset.clip_datasets import EvenClips, RandomClips
from earmark.learning.dataset.draws import Draws
from earmark.learning.dataset.resident import ResidentArrays
from earmark.learning.dataset.transpose import Transposition


@pytest.fixture
def arrays(tmp_path):
    """Three pieces of 30, 8 and 12 frames; a frame's value is 100 × piece + its number."""
    lengths = (30, 8, 12)
    for piece, frames in enumerate(lengths):
        values = 100 * piece + np.arange(frames, dtype=np.float16)
        np.save(tmp_path / f"p{piece}.npy", np.broadcast_to(values, (1, 4, frames)))
    return FeatureArrays(tmp_path, ["p0", "p1", "p2"])


@pytest.fixture(params=["disk", "resident"])
def held(request, arrays):
    """The pieces as files, and as one tensor."""
    return arrays if request.param == "disk" else ResidentArrays(arrays, 10, torch.device("cpu"))


def random_clips(arrays, augmentation=None, hop=1, transposition=None):
    return RandomClips(arrays, [5, 6, 7], 10, augmentation or Augmentation(), hop, transposition)


def test_random_clips_are_stretches_of_their_pieces_with_their_classes(held, draw):
    clips, numbers = random_clips(held)[draw([0] * 300)]
    assert (clips.dtype, clips.shape) == (torch.float32, (300, 1, 4, 10))
    assert numbers.tolist() == [5] * 300
    starts = clips[:, 0, 0, 0]
    assert (clips == starts.view(-1, 1, 1, 1) + torch.arange(10)).all()
    assert set(starts.int().tolist()) == set(range(21))


def test_a_short_piece_is_padded(held, draw):
    clips, numbers = random_clips(held)[draw([2, 1])]
    assert numbers.tolist() == [7, 6]
    assert clips[1, 0, 0].tolist() == [*range(100, 108), 100, 100]


def test_a_clip_does_not_depend_on_those_beside_it(held, draw):
    clips = random_clips(held, Augmentation(max_gain_db=6, max_band_shift=1, max_masked_bands=1))
    draws = draw([0, 1, 2, 0, 1])
    whole, numbers = clips[draws]
    for row in range(len(draws)):
        alone, number = clips[Draws(draws.pieces[[row]], draws.numbers[[row]])]
        assert torch.equal(alone[0], whole[row])
        assert number[0] == numbers[row]


def test_the_numbers_decide(arrays, draw):
    clips = random_clips(arrays, Augmentation(max_gain_db=6, max_band_shift=1, max_masked_bands=1))
    one, same, other = (clips[draw([0] * 20, seed)][0] for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_on_disk_and_in_memory_they_are_the_same(arrays, draw):
    augmentation = Augmentation(max_gain_db=6, max_band_shift=1, max_masked_bands=2)
    resident = ResidentArrays(arrays, 10, torch.device("cpu"))
    drawn = draw([0, 1, 2] * 20)
    for one, other in zip(
        random_clips(arrays, augmentation)[drawn], random_clips(resident, augmentation)[drawn], strict=True
    ):
        assert torch.equal(one, other)


def test_even_clips_cover_all_pieces_in_order(held):
    even = EvenClips(held, frames=10, hop=10, most=0)
    assert even.places == [(0, 0), (0, 10), (0, 20), (1, 0), (2, 0), (2, 2)]
    assert len(even) == 6
    batches = list(even.loader(4))
    assert [len(clips) for clips, _ in batches] == [4, 2]
    clips, indices = (torch.cat(column) for column in zip(*batches, strict=True))
    assert (clips.dtype, clips.shape) == (torch.float32, (6, 1, 4, 10))
    assert indices.tolist() == [piece for piece, _ in even.places]
    assert clips[:, 0, 0, 0].tolist() == [100 * piece + start for piece, start in even.places]


def test_even_clips_give_the_numbers_of_their_pieces(held):
    even = EvenClips(held, frames=10, hop=10, most=1, numbers=[7, 5, 7])
    ((_, numbers),) = even.loader(4)
    assert numbers.tolist() == [7, 5, 7]


@pytest.mark.parametrize("ranks", [2, 8])
def test_processes_share_even_clips_in_turns(arrays, ranks):
    even = EvenClips(arrays, frames=10, hop=10, most=0)
    for rank in range(ranks):
        values = [item for clips, _ in even.loader(2, rank, ranks) for item in clips[:, 0, 0, 0].tolist()]
        assert values == [100 * piece + start for piece, start in even.places[rank::ranks]]


def test_even_clips_are_at_most_so_many_a_piece(arrays):
    assert EvenClips(arrays, frames=10, hop=5, most=2).places == [(0, 0), (0, 20), (1, 0), (2, 0), (2, 2)]


@pytest.mark.parametrize(
    ("hop", "expected"), [(1, range(21)), (4, range(0, 21, 4)), (10, (0, 10, 20)), (25, (0,))]
)
def test_random_clips_begin_at_multiples_of_the_hop_and_lie_within_the_piece(held, draw, hop, expected):
    clips = random_clips(held, hop=hop)[draw([0] * 300 + [2] * 50 + [1] * 20)][0][:, 0, 0]
    assert set(clips[:300, 0].int().tolist()) == set(expected)
    assert (clips[:350] == torch.arange(10) + clips[:350, :1]).all()
    # A piece of 12 frames has room for 2 frames, a shorter one than a clip for none.
    assert {int(start) - 200 for start in clips[300:350, 0]} == {start for start in expected if start <= 2}
    assert {int(start) - 100 for start in clips[350:, 0]} == {0}


def test_a_transposition_moves_sound_and_class_together(tmp_path, draw):
    """One loud band of three a semitone at the tonic of each piece's key: there it is, whatever is drawn."""
    keys = [0, 7, 12 + 9, 12 + 11]
    for piece, key in enumerate(keys):
        values = np.full((1, 3 * 36, 20), -80, dtype=np.float16)
        values[:, 3 * (12 + key % 12) + 1] = 0
        np.save(tmp_path / f"k{piece}.npy", values)
    arrays = FeatureArrays(tmp_path, [f"k{piece}" for piece in range(len(keys))])
    random = RandomClips(arrays, keys, 10, Augmentation(), 1, Transposition(3, 3))
    for piece, key in enumerate(keys):
        clips, numbers = random[draw([piece] * 100)]
        assert (clips.dtype, clips.shape) == (torch.float32, (100, 1, 108, 10))
        loud = clips[:, 0].argmax(dim=1)
        assert (loud // 3 % 12 == (numbers % 12)[:, None]).all()
        assert set((numbers // 12).tolist()) == {key // 12}
        assert set(((numbers - key + 6) % 12 - 6).tolist()) == {-3, -2, -1, 0, 1, 2, 3}
