"""P classes × K works × clips, repeatable, and shared out between processes."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.learning.samplers.class_work import ClassWorkSampler

# Works of three labels; the first work of each has three pieces.
LABELS, GROUPS = [], []
WORKS = {"Ash": 6, "Birch": 5, "Cedar": 2}
for name, works in WORKS.items():
    for work in range(works):
        for _ in range(3 if work == 0 else 1):
            LABELS.append(name)
            GROUPS.append(f"{name}/{work}")


def sampler(p=2, k=3, clips=2, batches=40, seed=0):
    return ClassWorkSampler(LABELS, GROUPS, p, k, clips, batches, seed)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 5), st.integers(1, 8), st.integers(1, 3), st.integers(0, 99))
def test_a_batch_has_p_classes_of_k_works_with_their_clips(p, k, clips, seed):
    batches = list(sampler(p, k, clips, 5, seed))
    assert len(batches) == len(sampler(batches=5)) == 5
    for batch in batches:
        works = {label: {GROUPS[i] for i in batch if LABELS[i] == label} for label in set(LABELS)}
        counts = {label: len(groups) for label, groups in works.items() if groups}
        assert len(counts) == min(p, 3)
        assert all(count == min(k, WORKS[label]) for label, count in counts.items())
        assert set(Counter(batch).values()) == {clips}  # one piece a work, so many clips of it
        assert len(set(batch)) == sum(counts.values())


def test_classes_works_and_pieces_have_equal_chances():
    drawn = [index for batch in sampler(p=1, k=1, clips=1, batches=6000) for index in batch]
    labels = Counter(LABELS[index] for index in drawn)
    assert all(count == pytest.approx(2000, rel=0.1) for count in labels.values())
    works = Counter(GROUPS[index] for index in drawn if LABELS[index] == "Ash")
    assert all(count == pytest.approx(labels["Ash"] / 6, rel=0.25) for count in works.values())
    movements = Counter(index for index in drawn if GROUPS[index] == "Cedar/0")
    assert len(movements) == 3
    assert all(count == pytest.approx(labels["Cedar"] / 6, rel=0.25) for count in movements.values())


def test_seed_and_epoch_decide_and_nothing_else():
    one, other = sampler(), sampler()
    assert list(one) == list(one) == list(other)
    assert list(sampler(seed=1)) != list(one)
    first = list(one)
    one.set_epoch(1)
    other.set_epoch(1)
    assert list(one) == list(other) != first
    one.set_epoch(0)
    assert list(one) == first


def test_the_order_of_rows_does_not_matter():
    order = list(range(len(LABELS)))[::-1]
    turned = ClassWorkSampler([LABELS[i] for i in order], [GROUPS[i] for i in order], 2, 3, 2, 40, 0)
    works = [[GROUPS[index] for index in batch] for batch in sampler()]
    assert [[GROUPS[order[index]] for index in batch] for batch in turned] == works


@pytest.mark.parametrize(
    "name", ["classes_per_batch", "works_per_class", "clips_per_piece", "batches_per_epoch"]
)
def test_settings_that_cannot_work_are_named(name):
    sizes = {
        "classes_per_batch": 1,
        "works_per_class": 1,
        "clips_per_piece": 1,
        "batches_per_epoch": 1,
        name: 0,
    }
    with pytest.raises(ValueError, match=f"sampler.{name}=0 must be 1 or more"):
        ClassWorkSampler(LABELS, GROUPS, seed=0, **sizes)
