"""Triplets about one fixed piece a class."""

from collections import Counter

import pytest

from earmark.learning.samplers.anchors import AnchorTriplets, anchors_of

LABELS = ["Birch", "Ash", "Ash", "Cedar", "Birch", "Ash", "Cedar"]


def sampler(size=3, seed=0, labels=LABELS):
    return AnchorTriplets(labels, [str(index) for index in range(len(labels))], size, seed)


def triplets(found):
    """(anchor, positive, negative) of all batches."""
    for batch in found:
        third = len(batch) // 3
        assert len(batch) == 3 * third
        yield from zip(batch[:third], batch[third : 2 * third], batch[2 * third :], strict=True)


def test_the_anchor_is_the_first_piece_of_its_label():
    assert anchors_of(LABELS) == {"Ash": 1, "Birch": 0, "Cedar": 3}
    assert list(anchors_of(LABELS)) == ["Ash", "Birch", "Cedar"]
    assert anchors_of([]) == {}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_each_piece_is_the_positive_once_after_its_classs_anchor(size):
    batches = list(sampler(size))
    assert len(batches) == len(sampler(size))
    found = list(triplets(batches))
    assert sorted(positive for _, positive, _ in found) == list(range(len(LABELS)))
    for anchor, positive, negative in found:
        assert anchor == anchors_of(LABELS)[LABELS[positive]]
        assert LABELS[negative] != LABELS[positive]
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


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"size": 0}, "sampler.triplets_per_batch=0 must be 1 or more"),
    ],
)
def test_settings_that_cannot_work_are_named(settings, said):
    with pytest.raises(ValueError, match=said):
        sampler(**settings)
