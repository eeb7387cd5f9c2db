"""Triplets about one fixed piece a class."""

from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from earmark.decisions.anchor import anchors_of
from earmark.learning.samplers.anchors import AnchorTriplets

LABELS = ["Birch", "Ash", "Ash", "Cedar", "Birch", "Ash", "Cedar"]


def sampler(size=3, seed=0, labels=LABELS):
    return AnchorTriplets(labels, [str(index) for index in range(len(labels))], size, seed)


def triplets(batches):
    """(anchor, positive, negative) of all batches."""
    for batch in batches:
        third = len(batch) // 3
        assert len(batch) == 3 * third
        yield from zip(batch[:third], batch[third : 2 * third], batch[2 * third :], strict=True)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=20), st.integers(1, 25), st.integers(0, 99))
def test_each_piece_is_the_positive_once_after_its_classs_anchor(labels, size, seed):
    assume(len(set(labels)) > 1)
    batches = list(sampler(size, seed, labels))
    assert len(batches) == len(sampler(size, seed, labels))
    drawn = list(triplets(batches))
    assert sorted(positive for _, positive, _ in drawn) == list(range(len(labels)))
    for anchor, positive, negative in drawn:
        assert anchor == anchors_of(labels)[labels[positive]]
        assert labels[negative] != labels[positive]
    sizes = [len(batch) // 3 for batch in batches]
    assert sizes[:-1] == [size] * (len(sizes) - 1)
    assert 1 <= sizes[-1] <= size


def test_negatives_come_from_all_other_pieces_alike():
    batches = sampler()
    drawn = Counter()
    for epoch in range(2000):
        batches.set_epoch(epoch)
        drawn.update(negative for _, positive, negative in triplets(batches) if LABELS[positive] == "Cedar")
    assert set(drawn) == {0, 1, 2, 4, 5}
    assert all(count == pytest.approx(2 * 2000 / 5, rel=0.15) for count in drawn.values())


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


def test_a_batch_without_triplets_is_refused():
    with pytest.raises(ValueError, match=r"sampler\.triplets_per_batch=0 must be 1 or more"):
        sampler(size=0)
