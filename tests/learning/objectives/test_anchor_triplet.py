"""The triplet loss over drawn triplets against its definition."""

import pytest
import torch

from earmark.learning.objectives.anchor_triplet import AnchorTriplet


def naive(embeddings, margin):
    """Mean of what is left to the margin, 0 where nothing is."""
    third = len(embeddings) // 3
    losses = []
    for row in range(third):
        anchor, positive, negative = (embeddings[row + part * third] for part in range(3))
        near, far = float((anchor - positive).norm()), float((anchor - negative).norm())
        losses.append(max(0.0, near - far + margin))
    return sum(losses) / third


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("margin", [0.1, 1.0, 5.0])
def test_the_loss_is_that_of_its_definition(margin, seed):
    embeddings = torch.randn(15, 4, generator=torch.Generator().manual_seed(seed))
    found = AnchorTriplet(margin)(embeddings, torch.zeros(15, dtype=torch.long))
    assert found.item() == pytest.approx(naive(embeddings, margin), abs=1e-4)


def test_one_triplet_by_hand():
    # Anchor at 0, positive at 3, negative at 5 (3, 4): 3 - 5 + 2.5.
    embeddings = torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])
    assert AnchorTriplet(2.5)(embeddings, torch.tensor([0, 0, 1])).item() == pytest.approx(0.5, abs=1e-4)
    assert AnchorTriplet(1.9)(embeddings, torch.tensor([0, 0, 1])).item() == 0.0


def test_the_parts_of_a_batch_decide_not_the_classes():
    embeddings = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    loss = AnchorTriplet(1.0)
    one, other = (loss(embeddings, torch.tensor(classes)) for classes in ([0, 0, 0, 0, 1, 1], [0] * 6))
    assert one == other


def test_an_anchor_that_is_its_own_positive_still_pushes_the_negative_away():
    embeddings = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.5, 0.0]], requires_grad=True)
    AnchorTriplet(1.0)(embeddings, torch.tensor([0, 0, 1])).backward()
    assert torch.isfinite(embeddings.grad).all()
    assert embeddings.grad[2, 0] < 0  # to be moved away from the anchor at 0
