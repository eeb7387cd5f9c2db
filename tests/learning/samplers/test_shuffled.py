"""Every piece in turn, in random order."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.learning.samplers.shuffled import Shuffled

LABELS = ["Ash"] * 9 + ["Birch"] * 3


def sampler(size=4, clips=1, seed=0, labels=LABELS):
    return Shuffled(labels, [str(index) for index in range(len(labels))], size, clips, seed)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 30), st.integers(1, 4), st.integers(0, 99))
def test_an_epoch_visits_each_piece_as_often_as_asked_but_for_a_remainder(size, clips, seed):
    batches = list(sampler(size, clips, seed))
    visits = 12 * clips
    assert len(batches) == len(sampler(size, clips, seed)) == max(visits // size, 1)
    assert {len(batch) for batch in batches} == {min(size, visits)}
    drawn = Counter(index for batch in batches for index in batch)
    assert set(drawn) <= set(range(12))
    assert max(drawn.values()) <= clips
    assert sum(drawn.values()) == visits - (visits % size if size <= visits else 0)


def test_the_remainder_is_left_out_and_is_another_one_each_epoch():
    """No batch of one is left over, which batch normalisation could not take."""
    batches, left = sampler(5), []
    for epoch in range(30):
        batches.set_epoch(epoch)
        epoch_batches = list(batches)
        assert [len(batch) for batch in epoch_batches] == [5, 5]
        left.append(set(range(12)) - {index for batch in epoch_batches for index in batch})
        assert len(left[-1]) == 2
    assert set().union(*left) == set(range(12))


def test_fewer_pieces_than_a_batch_are_one_batch():
    (batch,) = sampler(size=100)
    assert len(sampler(size=100)) == 1
    assert sorted(batch) == list(range(12))


def test_seed_and_epoch_decide_and_nothing_else():
    one, other = sampler(), sampler()
    first = list(one)
    assert first == list(one) == list(other) != list(sampler(seed=1))
    one.set_epoch(1)
    assert list(one) != first
    one.set_epoch(0)
    assert list(one) == first


def test_batches_are_of_plain_integers():
    assert {type(index) for batch in sampler() for index in batch} == {int}


@pytest.mark.parametrize("name", ["batch_size", "clips_per_piece"])
def test_settings_that_cannot_work_are_named(name):
    settings = {"batch_size": 4, "clips_per_piece": 1, name: 0}
    with pytest.raises(ValueError, match=f"sampler.{name}=0 must be 1 or more"):
        Shuffled(LABELS, LABELS, seed=0, **settings)
