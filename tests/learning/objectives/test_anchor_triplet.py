"""The triplet loss over drawn triplets against its definition."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.learning.objectives.anchor_triplet import AnchorTriplet


def naive(embeddings, margin):
    """What is left to the margin in each triplet, 0 where nothing is."""
    third = len(embeddings) // 3
    losses = []
    for row in range(third):
        anchor, positive, negative = (embeddings[row + part * third] for part in range(3))
        near, far = float((anchor - positive).norm()), float((anchor - negative).norm())
        losses.append(max(0.0, near - far + margin))
    return losses


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 8), st.sampled_from([0.1, 1.0, 5.0]))
def test_loss_and_violated_share_are_those_of_their_definitions(seed, size, margin):
    embeddings = torch.randn(3 * size, 4, generator=torch.Generator().manual_seed(seed))
    losses, classes = naive(embeddings, margin), torch.zeros(3 * size, dtype=torch.long)
    objective = AnchorTriplet(margin)
    assert objective(embeddings, classes).item() == pytest.approx(sum(losses) / size, abs=1e-4)
    share = objective.monitored(embeddings, classes)
    assert share == {"violated_share": pytest.approx(sum(loss > 0 for loss in losses) / size)}


def test_one_triplet_by_hand():
    # Anchor at 0, positive at 3, negative at 5 (3, 4): 3 - 5 + 2.5.
    embeddings = torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])
    assert AnchorTriplet(2.5)(embeddings, torch.tensor([0, 0, 1])).item() == pytest.approx(0.5, abs=1e-4)
    assert AnchorTriplet(1.9)(embeddings, torch.tensor([0, 0, 1])).item() == 0.0
    for margin, share in ((2.5, 1.0), (1.9, 0.0)):
        assert AnchorTriplet(margin).monitored(embeddings, torch.tensor([0, 0, 1])) == {
            "violated_share": share
        }


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
