"""Two processes: what they hold together is the batch, and its gradient is that of one process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import earmark
from earmark.learning.dataset.shares import follow_first, share_of, whole_of
from earmark.learning.objectives.anchor_triplet import AnchorTriplet
from earmark.learning.objectives.cross_entropy import CrossEntropy
from earmark.learning.objectives.squared_error import SquaredError
from earmark.learning.objectives.triplet import Triplet

OBJECTIVES = {
    "all": lambda: Triplet(1.0, "all"),
    "semihard": lambda: Triplet(1.0, "semihard"),
    "hard": lambda: Triplet(1.0, "hard"),
    "anchors": lambda: AnchorTriplet(1.0),
    "cross_entropy": lambda: CrossEntropy(0.05),
    "squared_error": lambda: SquaredError(),
}
# Class numbers of batches: of equal shares, of unequal ones, and so that either process has one class only.
BATCHES = {
    "even": [0, 0, 1, 1, 2, 2, 0, 1, 2, 0, 1, 2],
    "odd": [0, 1, 1, 0, 2, 1, 2, 0, 0],
    "torn": [0, 1] * 6,
}

STEPS = """
import json, sys
import torch
from pathlib import Path
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

sys.path.insert(0, sys.argv[1])
from test_shares import BATCHES, OBJECTIVES, network, step
from earmark.learning.dataset.shares import follow_first, share_of, whole_of

rank, ranks, folder = int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
torch.set_num_threads(1)
store = distributed.FileStore(str(folder / "rendezvous"), ranks)
distributed.init_process_group("gloo", store=store, rank=rank, world_size=ranks)
results = {}
for batch in BATCHES:
    for objective in OBJECTIVES:
        net = network(objective)
        wrapped = DistributedDataParallel(net)
        results[f"{batch} {objective}"] = step(wrapped, net, objective, batch, rank, ranks)
cards = whole_of(share_of(torch.arange(7).view(7, 1), rank, ranks)).flatten().tolist()
norm = torch.nn.BatchNorm1d(2)
norm.running_mean.fill_(rank + 5)
follow_first(norm)
results["cards"], results["mean"] = cards, norm.running_mean.tolist()
(folder / f"{rank}.json").write_text(json.dumps(results))
distributed.destroy_process_group()
"""


class Scaled(torch.nn.Module):
    """An objective with a weight of its own, whose gradient must not grow with the processes."""

    def __init__(self, objective):
        super().__init__()
        self.objective, self.scale = objective, torch.nn.Parameter(torch.tensor(0.7))

    def forward(self, outputs, classes):
        return self.objective(outputs * self.scale, classes)


class Whole(torch.nn.Module):
    """A network and its objective over the whole batch: what Learner.training_step does."""

    def __init__(self, objective):
        super().__init__()
        self.encoder = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))
        self.objective = Scaled(OBJECTIVES[objective]())

    def forward(self, clips, classes):
        return self.objective(whole_of(self.encoder(clips)), whole_of(classes))


def network(objective):
    torch.manual_seed(3)
    return Whole(objective).double()


def step(wrapped, net, objective, batch, rank=0, ranks=1):
    """Loss and gradients of a step on a process's share."""
    classes = torch.tensor(BATCHES[batch])
    clips = torch.randn(len(classes), 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    loss = wrapped(share_of(clips, rank, ranks), share_of(classes, rank, ranks))
    loss.backward()
    return [loss.item(), *torch.cat([weight.grad.flatten() for weight in net.parameters()]).tolist()]


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What two processes find: a dict of results each."""
    folder, here = tmp_path_factory.mktemp("two"), Path(__file__)
    environment = {**os.environ, "PYTHONPATH": str(Path(earmark.__file__).parents[1])}
    command = [sys.executable, "-W", "error", "-c", STEPS, str(here.parent)]
    started = [
        subprocess.Popen(
            [*command, str(rank), "2", str(folder)], env=environment, text=True, stderr=subprocess.PIPE
        )
        for rank in range(2)
    ]
    errors = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], errors
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("batch", BATCHES)
def test_loss_and_gradients_of_two_processes_are_those_of_one(two, batch, objective):
    net = network(objective)
    alone = step(net, net, objective, batch)
    assert alone[0] > 0
    assert max(map(abs, alone[1:])) > 1e-3
    for results in two:
        assert results[f"{batch} {objective}"] == pytest.approx(alone, abs=1e-9)


def test_a_share_of_one_class_alone_would_have_no_triplets():
    """Why embeddings are gathered: the same objective on the shares apart learns nothing."""
    classes = torch.tensor(BATCHES["torn"])
    outputs = torch.randn(len(classes), 3, generator=torch.Generator().manual_seed(1))
    for rank in range(2):
        assert OBJECTIVES["all"]()(share_of(outputs, rank, 2), share_of(classes, rank, 2)) == 0


def test_items_come_back_in_their_order(two):
    assert [results["cards"] for results in two] == [list(range(7))] * 2


def test_buffers_are_those_of_the_first(two):
    assert [results["mean"] for results in two] == [[5, 5]] * 2


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(1, 12))
def test_shares_differ_by_one_item_at_most_and_take_turns(size, ranks):
    whole = list(range(size))
    shares = [share_of(whole, rank, ranks) for rank in range(ranks)]
    assert [shares[place % ranks][place // ranks] for place in whole] == whole
    assert sum(map(len, shares)) == size
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert shares == [share_of(torch.arange(size), rank, ranks).tolist() for rank in range(ranks)]


def test_alone_a_share_is_the_whole():
    share, norm = torch.arange(3.0, requires_grad=True), torch.nn.BatchNorm1d(2)
    assert whole_of(share) is share
    follow_first(norm)
    assert norm.running_mean.tolist() == [0, 0]
