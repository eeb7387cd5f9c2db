"""P classes × K works × clips, repeatable, and shared out between processes."""

from collections import Counter

import pytest

from earmark.learning.samplers.class_work import ClassWorkSampler

# Works of three labels; the first work of each has three pieces.
LABELS, GROUPS = [], []
for name, works in {"Ash": 6, "Birch": 5, "Cedar": 2}.items():
    for work in range(works):
        for _ in range(3 if work == 0 else 1):
            LABELS.append(name)
            GROUPS.append(f"{name}/{work}")


def sampler(p=2, k=3, clips=2, batches=40, seed=0):
    return ClassWorkSampler(LABELS, GROUPS, p, k, clips, batches, seed)


def test_a_batch_has_p_classes_of_k_works_with_their_clips():
    found = list(sampler())
    assert len(found) == len(sampler()) == 40
    for batch in found:
        works = {label: {GROUPS[index] for index in batch if LABELS[index] == label} for label in LABELS}
        works = {label: groups for label, groups in works.items() if groups}
        assert len(works) == 2
        for label, groups in works.items():
            assert len(groups) == (2 if label == "Cedar" else 3)  # Cedar has no third
        assert set(Counter(batch).values()) == {2}  # one piece a work, two clips of it


@pytest.mark.parametrize(("p", "expected"), [(1, 1), (3, 3), (8, 3)])
def test_there_are_no_more_classes_than_there_are(p, expected):
    for batch in sampler(p=p):
        assert len({LABELS[index] for index in batch}) == expected


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
