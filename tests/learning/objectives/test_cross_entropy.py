"""Cross-entropy against its definition."""

import math

import pytest
import torch

from earmark.learning.objectives.cross_entropy import CrossEntropy


def naive(scores, classes, smoothing):
    """Mean over clips of - Σ truth log softmax, the truth smoothed over all classes."""
    losses = []
    for row, right in zip(scores.tolist(), classes.tolist(), strict=True):
        total = sum(math.exp(value) for value in row)
        truth = [smoothing / len(row) + (1 - smoothing) * (index == right) for index in range(len(row))]
        losses.append(-sum(t * math.log(math.exp(v) / total) for t, v in zip(truth, row, strict=True)))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("smoothing", [0.0, 0.05, 0.9])
def test_the_loss_is_that_of_its_definition(smoothing, seed):
    random = torch.Generator().manual_seed(seed)
    scores, classes = 3 * torch.randn(7, 4, generator=random), torch.tensor([0, 1, 2, 3, 3, 0, 1])
    found = CrossEntropy(smoothing)(scores, classes)
    assert found.item() == pytest.approx(naive(scores, classes, smoothing), abs=1e-5)


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
