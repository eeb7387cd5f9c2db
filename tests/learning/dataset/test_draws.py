"""Random numbers of a batch: the same whoever asks, and shared out whole."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lightning_fabric.utilities.data import _set_sampler_epoch
from torch.utils.data import DataLoader

from earmark.learning.dataset.draws import USES, DrawnBatches, Draws
from earmark.learning.samplers.anchors import AnchorTriplets
from earmark.learning.samplers.class_work import ClassWorkSampler
from earmark.learning.samplers.shuffled import Shuffled

LABELS = ["Ash"] * 9 + ["Birch"] * 4 + ["Cedar"] * 2
WORKS = [str(index) for index in range(len(LABELS))]
SAMPLERS = [
    pytest.param(lambda seed: ClassWorkSampler(LABELS, WORKS, 2, 3, 2, 7, seed), id="class_work"),
    pytest.param(lambda seed: Shuffled(LABELS, WORKS, 6, 2, seed), id="shuffled"),
    pytest.param(lambda seed: AnchorTriplets(LABELS, WORKS, 4, seed), id="anchors"),
]


def batches(make, seed=0, rank=0, ranks=1, epoch=0):
    drawn = DrawnBatches(make(seed), seed, rank, ranks)
    drawn.set_epoch(epoch)
    return list(drawn)


def same(one, other):
    pairs = list(zip(one, other, strict=True))
    return all(np.array_equal(a.pieces, b.pieces) and np.array_equal(a.numbers, b.numbers) for a, b in pairs)


@pytest.mark.parametrize("make", SAMPLERS)
@settings(deadline=None, max_examples=15)
@given(ranks=st.integers(2, 7), seed=st.integers(0, 99), epoch=st.integers(0, 9))
def test_processes_share_what_one_would_draw(make, ranks, seed, epoch):
    whole = batches(make, seed, epoch=epoch)
    parts = [batches(make, seed, rank, ranks, epoch) for rank in range(ranks)]
    assert {len(part) for part in parts} == {len(whole)} == {len(DrawnBatches(make(0), 0, 1, ranks))}
    for number, batch in enumerate(whole):
        shares = [part[number] for part in parts]
        sizes = [len(share) for share in shares]
        assert sum(sizes) == len(batch)
        assert max(sizes) - min(sizes) <= 1
        for rank, share in enumerate(shares):
            assert (share.pieces == batch.pieces[rank::ranks]).all()
            assert (share.numbers == batch.numbers[rank::ranks]).all()


@pytest.mark.parametrize("make", SAMPLERS)
def test_the_pieces_are_the_samplers_and_no_two_clips_have_their_numbers_in_common(make):
    sampler = make(0)
    assert [draws.pieces.tolist() for draws in batches(make)] == list(sampler)
    numbers = np.concatenate([draws.numbers for draws in batches(make)])
    assert numbers.shape[1] == len(USES)
    assert len(np.unique(numbers)) == numbers.size
    assert 0 <= numbers.min() < numbers.max() < 1


@pytest.mark.parametrize("make", SAMPLERS)
def test_seed_and_epoch_decide_and_no_epoch_must_have_gone_before(make):
    first = batches(make)
    assert same(first, batches(make))
    for other in (batches(make, epoch=1), batches(make, seed=1)):
        assert not {draws.numbers[0, 0] for draws in first} & {draws.numbers[0, 0] for draws in other}
    later = DrawnBatches(make(0), 0)
    list(later)  # the epoch before
    later.set_epoch(1)
    assert same(list(later), batches(make, epoch=1))


def test_lightning_finds_where_to_set_the_epoch():
    loader = DataLoader(LABELS, sampler=DrawnBatches(Shuffled(LABELS, WORKS, 6, 2, 0), 0), batch_size=None)
    first = list(loader.sampler)
    _set_sampler_epoch(loader, 1)
    assert not same(first, list(loader.sampler))


def test_numbers_between_bounds():
    draws = Draws(np.arange(4), np.tile(np.array([[0.0], [0.25], [0.5], [0.999]]), len(USES)))
    assert draws.uniform("gain", -6, 6).tolist() == pytest.approx([-6, -3, 0, 5.988])
    assert draws.integers("start", 0, 4).tolist() == [0, 1, 2, 3]
    assert draws.integers("start", -1, np.array([0, 1, 2, 3])).tolist() == [-1, -1, 0, 2]


@settings(deadline=None)
@given(st.floats(0, 1, exclude_max=True), st.integers(-9, 9), st.integers(1, 9))
def test_numbers_stay_between_their_bounds(number, low, span):
    draws = Draws(np.zeros(1, dtype=np.int64), np.full((1, len(USES)), number))
    assert low <= draws.uniform("gain", low, low + span)[0] <= low + span
    (drawn,) = draws.integers("start", low, low + span)
    assert low <= drawn < low + span
    assert drawn.dtype == np.int64
