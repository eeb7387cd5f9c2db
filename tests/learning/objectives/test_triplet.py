"""The triplet loss against its definition, written out as loops."""

import pytest
import torch

from earmark.learning.objectives.triplet import Triplet

CHOSEN = {
    "all": lambda positive, negative, margin: negative - positive <= margin,
    "semihard": lambda positive, negative, margin: 0 < negative - positive <= margin,
    "hard": lambda positive, negative, margin: negative - positive <= 0,
}


def naive(embeddings, classes, margin, miner):
    """Mean over the mined triplets of what is left to the margin, where anything is."""
    losses = []
    for anchor in range(len(classes)):
        for positive in range(len(classes)):
            for negative in range(len(classes)):
                if anchor == positive or classes[anchor] != classes[positive]:
                    continue
                if classes[anchor] == classes[negative]:
                    continue
                to_positive = float((embeddings[anchor] - embeddings[positive]).norm())
                to_negative = float((embeddings[anchor] - embeddings[negative]).norm())
                loss = to_positive - to_negative + margin
                if CHOSEN[miner](to_positive, to_negative, margin) and loss > 0:
                    losses.append(loss)
    return sum(losses) / len(losses) if losses else 0.0


def batch(seed, classes=(0, 0, 0, 1, 1, 1, 2, 2), dimensions=4):
    random = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(len(classes), dimensions, generator=random)
    return torch.nn.functional.normalize(embeddings, dim=1), torch.tensor(classes)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("margin", [0.05, 0.2, 1.0])
@pytest.mark.parametrize("miner", ["all", "semihard", "hard"])
def test_the_loss_is_that_of_its_definition(miner, margin, seed):
    embeddings, classes = batch(seed)
    expected = naive(embeddings, classes, margin, miner)
    assert expected > 0 or miner != "all"
    assert Triplet(margin, miner)(embeddings, classes).item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("miner", ["all", "semihard", "hard"])
def test_classes_farther_apart_than_the_margin_cost_nothing(miner):
    embeddings = torch.eye(3)[[0, 0, 1, 1, 2, 2]].requires_grad_()
    loss = Triplet(0.2, miner)(embeddings, torch.tensor([0, 0, 1, 1, 2, 2]))
    assert loss.item() == 0
    loss.backward()  # a batch without triplets must not stop a training
    assert embeddings.grad.abs().sum() == 0


def test_a_batch_without_pairs_costs_nothing():
    embeddings, classes = batch(0, classes=(0, 1, 2))
    assert Triplet(0.2, "all")(embeddings, classes).item() == 0


def test_descending_the_loss_separates_the_classes():
    raw, classes = torch.nn.Parameter(batch(3)[0]), batch(3)[1]
    objective, optimizer = Triplet(0.5, "all"), torch.optim.SGD([raw], lr=0.5)
    losses = []
    for _ in range(200):
        loss = objective(torch.nn.functional.normalize(raw, dim=1), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 0.3
    assert losses[-1] < 0.05


@pytest.mark.parametrize("miner", ["soft", "", "ALL"])
def test_an_unknown_miner_is_named(miner):
    with pytest.raises(ValueError, match=f"miner={miner} is none of semihard, hard, all"):
        Triplet(0.2, miner)
