"""The squared error of class probabilities against its definition."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.learning.objectives.squared_error import SquaredError


def naive(scores, classes):
    """Mean over clips and classes of (softmax - one-hot)²."""
    errors = []
    for row, right in zip(scores.tolist(), classes.tolist(), strict=True):
        total = sum(math.exp(value) for value in row)
        errors += [(math.exp(value) / total - (index == right)) ** 2 for index, value in enumerate(row)]
    return sum(errors) / len(errors)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 3), min_size=1, max_size=9))
def test_the_loss_is_that_of_its_definition(seed, classes):
    scores = 3 * torch.randn(len(classes), 4, generator=torch.Generator().manual_seed(seed))
    numbers = torch.tensor(classes)
    assert SquaredError()(scores, numbers).item() == pytest.approx(naive(scores, numbers), abs=1e-6)
    assert SquaredError().monitored(scores, numbers) == {}


@pytest.mark.parametrize(
    ("row", "right", "loss"),
    [
        ([100.0, 0.0], 0, 0.0),  # sure and right
        ([100.0, 0.0], 1, 1.0),  # sure and wrong: 1² for either class
        ([5.0, 5.0], 0, 0.25),
        ([0.0, 0.0, 0.0, 0.0], 2, (3 * 0.25**2 + 0.75**2) / 4),
    ],
)
def test_known_values(row, right, loss):
    assert SquaredError()(torch.tensor([row]), torch.tensor([right])).item() == pytest.approx(loss, abs=1e-6)


def test_the_gradient_raises_the_right_score():
    scores = torch.zeros(1, 3, requires_grad=True)
    SquaredError()(scores, torch.tensor([1])).backward()
    assert scores.grad[0, 1] < 0 < scores.grad[0, 0] == scores.grad[0, 2]


def test_half_precision_stays_half():
    scores = torch.zeros(2, 3, dtype=torch.bfloat16)
    assert SquaredError()(scores, torch.tensor([0, 1])).dtype == torch.bfloat16
