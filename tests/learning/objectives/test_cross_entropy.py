"""Cross-entropy against its definition."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.learning.objectives.cross_entropy import CrossEntropy


def naive(scores, classes, smoothing):
    """Mean over clips of - Σ truth log softmax, the truth smoothed over all classes."""
    losses = []
    for row, right in zip(scores.tolist(), classes.tolist(), strict=True):
        total = sum(math.exp(value) for value in row)
        truth = [smoothing / len(row) + (1 - smoothing) * (index == right) for index in range(len(row))]
        losses.append(-sum(t * math.log(math.exp(v) / total) for t, v in zip(truth, row, strict=True)))
    return sum(losses) / len(losses)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 3), min_size=1, max_size=9), st.floats(0, 0.99))
def test_the_loss_is_that_of_its_definition(seed, classes, smoothing):
    scores = 3 * torch.randn(len(classes), 4, generator=torch.Generator().manual_seed(seed))
    numbers, objective = torch.tensor(classes), CrossEntropy(smoothing)
    assert objective(scores, numbers).item() == pytest.approx(naive(scores, numbers, smoothing), abs=1e-4)
    assert objective.monitored(scores, numbers) == {}


@pytest.mark.parametrize("classes", [2, 24])
def test_who_knows_nothing_pays_the_logarithm_of_the_number_of_classes(classes):
    loss = CrossEntropy()(torch.zeros(5, classes), torch.arange(5) % classes)
    assert loss.item() == pytest.approx(math.log(classes), rel=1e-6)


def test_the_gradient_raises_the_right_score():
    scores = torch.zeros(1, 3, requires_grad=True)
    CrossEntropy()(scores, torch.tensor([1])).backward()
    assert scores.grad[0].tolist() == pytest.approx([1 / 3, -2 / 3, 1 / 3])


@pytest.mark.parametrize("smoothing", [-0.1, 1.0])
def test_a_smoothing_that_cannot_work_is_named(smoothing):
    with pytest.raises(ValueError, match=f"label_smoothing={smoothing:g} must lie within 0 and 1"):
        CrossEntropy(smoothing)
