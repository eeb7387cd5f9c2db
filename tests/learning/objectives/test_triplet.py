"""The triplet loss against its definition, written out as loops."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.learning.objectives.triplet import Triplet

CHOSEN = {
    "all": lambda positive, negative, margin: negative - positive <= margin,
    "semihard": lambda positive, negative, margin: 0 < negative - positive <= margin,
    "hard": lambda positive, negative, margin: negative - positive <= 0,
}


def triplets(embeddings, classes):
    """(distance to the positive, distance to the negative) of every triplet of a batch."""
    for anchor in range(len(classes)):
        for positive in range(len(classes)):
            for negative in range(len(classes)):
                if anchor == positive or classes[anchor] != classes[positive]:
                    continue
                if classes[anchor] == classes[negative]:
                    continue
                yield (
                    float((embeddings[anchor] - embeddings[positive]).norm()),
                    float((embeddings[anchor] - embeddings[negative]).norm()),
                )


def mined_loss(embeddings, classes, margin, miner):
    """Mean over the mined triplets of what is left to the margin, where anything is."""
    losses = [
        near - far + margin
        for near, far in triplets(embeddings, classes)
        if CHOSEN[miner](near, far, margin) and near - far + margin > 0
    ]
    return sum(losses) / len(losses) if losses else 0.0


def batch(seed, classes=(0, 0, 0, 1, 1, 1, 2, 2), dimensions=4):
    random = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(len(classes), dimensions, generator=random)
    return torch.nn.functional.normalize(embeddings, dim=1), torch.tensor(classes)


BATCHES = {
    "seed": st.integers(0, 2**32),
    "classes": st.lists(st.integers(0, 3), min_size=1, max_size=9),
    "margin": st.sampled_from([0.05, 0.2, 1.0]),
}


@settings(deadline=None, max_examples=40)
@given(**BATCHES, miner=st.sampled_from(["all", "semihard", "hard"]))
def test_the_loss_is_that_of_its_definition(seed, classes, margin, miner):
    embeddings, numbers = batch(seed, classes)
    expected = mined_loss(embeddings, classes, margin, miner)
    assert Triplet(margin, miner)(embeddings, numbers).item() == pytest.approx(expected, abs=1e-5)


@settings(deadline=None, max_examples=40)
@given(**BATCHES)
def test_what_is_monitored_is_of_all_triplets_of_the_batch(seed, classes, margin):
    embeddings, numbers = batch(seed, classes)
    losses = [max(0.0, near - far + margin) for near, far in triplets(embeddings, classes)]
    values = Triplet(margin, "hard").monitored(embeddings, numbers)
    count = max(len(losses), 1)
    assert values["loss_all_triplets"].item() == pytest.approx(sum(losses) / count, abs=1e-5)
    assert values["violated_share"].item() == pytest.approx(
        sum(loss > 0 for loss in losses) / count, abs=1e-6
    )


def test_a_batch_by_hand():
    # On a line, class 0 at 0 and 3, class 1 at 4. Triplets: (0, 3, 4) leaves 3 - 4 + 2 = 1,
    # (3, 0, 4) leaves 3 - 1 + 2 = 4; with a margin of 0.5 the first keeps it, the second leaves 2.5.
    embeddings, classes = torch.tensor([[0.0], [3.0], [4.0]]), torch.tensor([0, 0, 1])
    for margin, loss, share in ((2.0, 2.5, 1.0), (0.5, 1.25, 0.5)):
        values = Triplet(margin, "all").monitored(embeddings, classes)
        assert {name: value.item() for name, value in values.items()} == {
            "loss_all_triplets": pytest.approx(loss, abs=1e-6),
            "violated_share": share,
        }


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


def descend(raw, groups, classes, steps, rate):
    """The losses and what is monitored in each step of a descent; clips of a group share an embedding."""
    objective, optimizer = Triplet(0.5, "all"), torch.optim.SGD([raw], lr=rate)
    losses, monitored = [], []
    for _ in range(steps):
        embeddings = raw[groups]
        loss = objective(embeddings, classes)
        values = objective.monitored(embeddings.detach(), classes)
        monitored.append({name: float(value) for name, value in values.items()})
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses, monitored


def embeddings_of(count, spread):
    random = torch.Generator().manual_seed(0)
    return torch.nn.Parameter(spread * torch.randn(count, 4, generator=random))


def test_descending_the_loss_separates_the_classes():
    classes = torch.arange(3).repeat_interleave(6)
    losses, monitored = descend(embeddings_of(18, 0.3), torch.arange(18), classes, steps=100, rate=0.5)
    assert losses[0] > 0.3
    assert losses[-1] == 0
    assert monitored[-1] == {"loss_all_triplets": 0, "violated_share": 0}


def test_the_mean_over_all_triplets_falls_where_that_over_the_violated_ones_does_not():
    """A wrong label leaves few triplets that cannot be learned, and the loss becomes theirs alone."""
    groups = torch.arange(3).repeat_interleave(6)
    classes = groups.clone()
    classes[0] = 1
    losses, monitored = descend(embeddings_of(3, 0.05), groups, classes, steps=25, rate=0.2)
    means = [values["loss_all_triplets"] for values in monitored]
    shares = [values["violated_share"] for values in monitored]
    assert means[-1] < means[0] / 2
    assert shares[-1] < shares[0] / 2
    assert losses[-1] > losses[0]
    # Both are the same sum, divided by other numbers of triplets.
    assert losses == pytest.approx(
        [mean / share for mean, share in zip(means, shares, strict=True)], rel=1e-3
    )


@pytest.mark.parametrize("miner", ["soft", "", "ALL"])
def test_an_unknown_miner_is_named(miner):
    with pytest.raises(ValueError, match=f"miner={miner} is none of semihard, hard, all"):
        Triplet(0.2, miner)
