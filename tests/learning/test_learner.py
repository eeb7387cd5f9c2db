"""Retrieval against its definition, and what a learner logs."""

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.learning.learner import ACCURACY, QUERIES, RETRIEVAL, Learner, retrieval, watched_score


def naive(queries, query_classes, references, reference_classes):
    """MAP@R (Musgrave et al. 2020), written out as loops, averaged over the queries' classes."""
    by_class = {}
    for query, number in zip(queries, query_classes, strict=True):
        order = sorted(range(len(references)), key=lambda row: float((query - references[row]).norm()))
        right = [bool(reference_classes[row] == number) for row in order]
        size = sum(right)
        precision = [sum(right[: rank + 1]) / (rank + 1) for rank in range(size)]
        score = sum(p for p, hit in zip(precision, right[:size], strict=True) if hit) / size
        by_class.setdefault(int(number), []).append(score)
    return float(np.mean([np.mean(scores) for scores in by_class.values()]))


def test_an_example_by_hand():
    # On a line: references of class 0 at 0, 1, 10 and of class 1 at 2, 3.
    references = torch.tensor([[0.0], [1.0], [10.0], [2.0], [3.0]])
    classes = torch.tensor([0, 0, 0, 1, 1])
    # From 0.4: 0, 1, then 2 which is wrong: (1/1 + 2/2) / 3 = 2/3.
    # From 1.2: 1, then 2 which is wrong, then 0: (1/1 + 2/3) / 3 = 5/9.
    # Class 1, from 1.6 (R = 2): 2 which is right, then 1 which is wrong: (1/1) / 2 = 1/2.
    queries, asked = torch.tensor([[0.4], [1.2], [1.6]]), torch.tensor([0, 0, 1])
    expected = ((2 / 3 + 5 / 9) / 2 + 1 / 2) / 2
    assert retrieval(queries, asked, references, classes) == pytest.approx(expected, abs=1e-6)
    assert naive(queries, asked, references, classes) == pytest.approx(expected, abs=1e-6)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 12), st.integers(2, 4))
def test_it_is_what_its_definition_says(seed, references, queries, classes):
    random = torch.Generator().manual_seed(seed)
    table, asked = (torch.randn(size, 3, generator=random) for size in (references, queries))
    # Classes of unequal size, each of which has references.
    numbers = torch.arange(references) % classes % 3
    query_numbers = torch.arange(queries) % (int(numbers.max()) + 1)
    expected = naive(asked, query_numbers, table, numbers)
    assert retrieval(asked, query_numbers, table, numbers) == pytest.approx(expected, abs=1e-5)


def test_comparing_a_few_at_a_time_changes_nothing(monkeypatch):
    random = torch.Generator().manual_seed(0)
    references, queries = (torch.randn(size, 3, generator=random) for size in (30, 12))
    classes, asked = torch.arange(30) % 3, torch.tensor([0] * 7 + [2] * 5)
    whole = retrieval(queries, asked, references, classes)
    monkeypatch.setattr("earmark.learning.learner.QUERIES", 3)
    assert retrieval(queries, asked, references, classes) == pytest.approx(whole, abs=1e-12)


def test_a_class_without_references_does_not_count():
    references, classes = torch.eye(2)[:1], torch.tensor([0])
    assert retrieval(torch.eye(2), torch.tensor([0, 1]), references, classes) == 1.0


def test_separated_classes_are_retrieved_and_swapped_ones_are_not():
    references, classes = torch.eye(2).repeat(5, 1), torch.tensor([0, 1] * 5)
    assert retrieval(torch.eye(2), torch.tensor([0, 1]), references, classes) == 1.0
    assert retrieval(torch.eye(2), torch.tensor([1, 0]), references, classes) == 0.0


class Same(torch.nn.Module):
    """An encoder that gives its clips as they are."""

    gives, clip_by_clip = "embeddings", False

    def forward(self, clips):
        return clips


class Sum(torch.nn.Module):
    """An objective of embeddings or of scores; keeps what it was given."""

    needs_batches = "classes"

    def __init__(self, needs="embeddings"):
        super().__init__()
        self.needs = needs

    def forward(self, outputs, classes):
        self.outputs, self.autocast = outputs, torch.is_autocast_enabled("cpu")
        return outputs.sum()

    def monitored(self, outputs, classes):
        assert not outputs.requires_grad
        return {"clips": torch.tensor(float(len(outputs)))}


@pytest.fixture
def learner_of(monkeypatch):
    """A maker of learners in a trainer; what one logs is kept in its `logged`."""

    def make(encoder, objective, compiled=False):
        learner = Learner(encoder, objective, torch.optim.SGD, compiled)
        learner.logged = {}

        def keep(name, value, **_):
            learner.logged[name] = torch.as_tensor(value).item()

        monkeypatch.setattr(learner, "log", keep)
        learner.trainer = pl.Trainer(
            accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False
        )
        return learner

    return make


@pytest.fixture
def learner(learner_of):
    """A learner of embeddings whose encoder gives its clips as they are."""
    return learner_of(Same(), Sum())


def test_validation_retrieves_queries_among_references(learner):
    references, classes = torch.eye(2).repeat(4, 1), torch.tensor([0, 1] * 4)
    learner.on_validation_epoch_start()
    for part in (slice(0, 4), slice(4, 8)):
        learner.validation_step((references[part], classes[part]), 0, 1)
    learner.validation_step((torch.eye(2), torch.tensor([0, 0])), 0, 0)
    learner.on_validation_epoch_end()
    assert learner.logged == {"validation/retrieval": 0.5}


def test_each_epoch_starts_afresh(learner):
    for numbers, expected in (([1, 0], 0.0), ([0, 1], 1.0)):
        learner.on_validation_epoch_start()
        learner.validation_step((torch.eye(2), torch.tensor([0, 1])), 0, 1)
        learner.validation_step((torch.eye(2), torch.tensor(numbers)), 0, 0)
        learner.on_validation_epoch_end()
        assert learner.logged["validation/retrieval"] == expected


def test_the_training_loss_is_the_objectives_with_what_it_monitors_beside_it(learner):
    loss = learner.training_step((torch.ones(3, 2), torch.tensor([0, 0, 1])), 0)
    assert loss.item() == 6.0
    assert learner.logged == {"train/loss": 6.0, "train/clips": 3.0}


class Weighted(Sum):
    """An objective to which it matters which embedding is whose."""

    def forward(self, outputs, classes):
        return (outputs.square() * (1 + classes[:, None])).sum()


class Counting(torch.nn.Linear):
    """An encoder that counts the clips it was given."""

    gives, clips_seen = "embeddings", 0

    def __init__(self, clip_by_clip):
        super().__init__(6, 4)
        self.clip_by_clip = clip_by_clip

    def forward(self, clips):
        self.clips_seen += len(clips)
        return super().forward(clips.flatten(1))


def test_a_clip_that_occurs_twice_is_encoded_once_and_counts_twice(learner_of):
    batch = torch.randn(5, 2, 3)[[3, 0, 0, 1, 2, 4, 0]], torch.arange(7)
    losses, gradients = {}, {}
    for once in (True, False):
        torch.manual_seed(0)
        learner = learner_of(Counting(clip_by_clip=once), Weighted())
        loss = learner.training_step(batch, 0)
        loss.backward()
        losses[once], gradients[once] = loss.item(), learner.encoder.weight.grad
        assert learner.encoder.clips_seen == (5 if once else 7)
    assert losses[True] == pytest.approx(losses[False], rel=1e-6)
    torch.testing.assert_close(gradients[True], gradients[False])


def test_the_optimizer_gets_every_weight_of_encoder_and_objective():
    encoder, objective = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)
    made = Learner(encoder, objective, lambda weights: torch.optim.SGD(weights, lr=0.25))
    (group,) = made.configure_optimizers().param_groups
    assert group["lr"] == 0.25
    assert {id(weight) for weight in group["params"]} == {
        id(weight) for part in (encoder, objective) for weight in part.parameters()
    }


def test_scores_are_validated_by_the_mean_recall_of_the_classes_that_occur(learner_of):
    learner = learner_of(Same(), Sum("scores"))
    learner.on_validation_epoch_start()
    scores, classes = torch.eye(4)[[0, 0, 1, 2]], torch.tensor([0, 0, 0, 2])
    learner.validation_step((scores, classes), 0)
    learner.on_validation_epoch_end()
    assert learner.logged == {"validation/balanced_accuracy": pytest.approx((2 / 3 + 1) / 2)}


def test_the_score_follows_from_what_the_objective_needs():
    assert watched_score(Sum("scores")) == ACCURACY == "validation/balanced_accuracy"
    assert watched_score(Sum("embeddings")) == RETRIEVAL == "validation/retrieval"


def test_training_runs_what_was_compiled_and_validation_does_not(learner_of, monkeypatch):
    compiled = []

    def compile_instead(function):
        compiled.append(function)
        return lambda clips: 0 * clips + 7

    monkeypatch.setattr(torch, "compile", compile_instead)
    learner = learner_of(Same(), Sum("scores"), compiled=True)
    learner.on_fit_start()
    assert compiled == [learner.encoder.forward]
    learner.training_step((torch.zeros(3, 2), torch.zeros(3)), 0)
    assert (learner.objective.outputs == 7).all()
    learner.on_validation_epoch_start()
    # Compiled as above, all classes would tie and the first win.
    learner.validation_step((torch.eye(2), torch.tensor([0, 1])), 0)
    learner.on_validation_epoch_end()
    assert learner.logged["validation/balanced_accuracy"] == 1.0


def test_losses_are_computed_in_32_bits_whatever_the_network_is(learner_of):
    encoder = torch.nn.Linear(2, 2)
    encoder.clip_by_clip = False
    learner = learner_of(encoder, Sum())
    with torch.autocast("cpu", torch.bfloat16):
        learner.training_step((torch.ones(3, 2), torch.zeros(3)), 0)
    assert learner.objective.outputs.dtype == torch.float32
    assert not learner.objective.autocast


def test_few_queries_are_compared_at_a_time(monkeypatch):
    """Memory is of queries times references: what is compared at once is bounded."""
    from pytorch_metric_learning.utils.inference import CustomKNN

    asked = []
    call = CustomKNN.__call__

    def counted(self, query, *args):
        asked.append(len(query))
        return call(self, query, *args)

    monkeypatch.setattr(CustomKNN, "__call__", counted)
    queries = torch.randn(QUERIES * 2 + 5, 3)
    classes = torch.zeros(len(queries), dtype=torch.long)
    retrieval(queries, classes, torch.randn(9, 3), torch.zeros(9, dtype=torch.long))
    assert max(asked) <= QUERIES
    assert sum(asked) == len(queries)


def test_neighbours_whose_distances_tie_in_single_precision_keep_their_order():
    """Which of the two came first would depend on the processor."""
    references = torch.tensor([[1.0, 2.0**-13], [1.0, 0.0]])
    assert retrieval(torch.zeros(1, 2), torch.tensor([0]), references, torch.tensor([1, 0])) == 1.0
