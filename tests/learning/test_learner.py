"""Retrieval as it is defined, and a learner that collects what it is judged by."""

import numpy as np
import pytest
import torch

from earmark.learning.learner import QUERIES, Learner, retrieval


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


@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_its_definition_says(seed):
    random = torch.Generator().manual_seed(seed)
    references, queries = (torch.randn(size, 3, generator=random) for size in (30, 12))
    classes = torch.arange(30) % 4 % 3  # 15, 8 and 7 of them
    asked = torch.arange(12) % 3
    references += 0.7 * torch.nn.functional.one_hot(classes, 3)
    queries += 0.7 * torch.nn.functional.one_hot(asked, 3)
    expected = naive(queries, asked, references, classes)
    assert retrieval(queries, asked, references, classes) == pytest.approx(expected, abs=1e-5)


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


class Sum(torch.nn.Module):
    """An objective of embeddings, or of scores."""

    def __init__(self, needs="embeddings"):
        super().__init__()
        self.needs = needs

    def forward(self, embeddings, classes):
        return embeddings.sum()

    def monitored(self, embeddings, classes):
        return {}


class NoTrainer:
    """What a learner asks of its trainer at the end of validation."""

    sanity_checking = False


@pytest.fixture
def learner(monkeypatch):
    """A learner whose encoder passes on what it gets; what it logs is kept in `logged`."""
    encoder = torch.nn.Identity()
    encoder.clip_by_clip = False
    made = Learner(encoder, Sum(), torch.optim.SGD)
    made.logged = {}
    monkeypatch.setattr(made, "log", lambda name, value, **_: made.logged.update({name: float(value)}))
    monkeypatch.setattr(
        made,
        "log_dict",
        lambda values, **_: made.logged.update({name: float(value) for name, value in values.items()}),
    )
    made._trainer = NoTrainer()
    return made


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


def test_the_training_loss_is_the_objectives(learner):
    loss = learner.training_step((torch.ones(3, 2), torch.tensor([0, 0, 1])), 0)
    assert loss.item() == 6.0
    assert learner.logged == {"train/loss": 6.0}


def test_what_an_objective_monitors_is_logged_beside_its_loss(learner):
    learner.objective.monitored = lambda outputs, classes: {"share": outputs.mean()}
    learner.training_step((torch.full((3, 2), 0.5), torch.tensor([0, 0, 1])), 0)
    assert learner.logged == {"train/loss": 3.0, "train/share": 0.5}


class Weighted(torch.nn.Module):
    """An objective to which it matters which embedding is whose."""

    def forward(self, embeddings, classes):
        return (embeddings.square() * (1 + classes[:, None])).sum()

    def monitored(self, embeddings, classes):
        return {}


class Counting(torch.nn.Linear):
    """An encoder that counts the clips it was given."""

    clip_by_clip, seen = True, 0

    def forward(self, clips):
        self.seen += len(clips)
        return super().forward(clips.flatten(1))


def test_a_clip_that_occurs_twice_is_encoded_once_and_counts_twice(learner):
    batch = torch.randn(5, 2, 3)[[3, 0, 0, 1, 2, 4, 0]], torch.arange(7)
    learner.objective = Weighted()
    found = {}
    for once in (True, False):
        torch.manual_seed(0)
        learner.encoder = Counting(6, 4)
        learner.encoder.clip_by_clip = once
        loss = learner.training_step(batch, 0)
        loss.backward()
        found[once] = loss.item(), learner.encoder.weight.grad
        assert learner.encoder.seen == (5 if once else 7)
    assert found[True][0] == pytest.approx(found[False][0], rel=1e-6)
    torch.testing.assert_close(found[True][1], found[False][1])


def test_the_optimizer_gets_every_weight_of_encoder_and_objective():
    encoder, objective = torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)
    made = Learner(encoder, objective, lambda weights: torch.optim.SGD(weights, lr=0.25))
    (group,) = made.configure_optimizers().param_groups
    assert group["lr"] == 0.25
    assert {id(weight) for weight in group["params"]} == {
        id(weight) for part in (encoder, objective) for weight in part.parameters()
    }


def test_scores_are_judged_by_the_mean_recall_of_the_classes_that_occur(learner):
    learner.objective = Sum("scores")
    learner.on_validation_epoch_start()
    said, true = torch.eye(4)[[0, 0, 1, 2]], torch.tensor([0, 0, 0, 2])
    learner.validation_step((said, true), 0)
    learner.on_validation_epoch_end()
    assert learner.logged == {"validation/balanced_accuracy": pytest.approx((2 / 3 + 1) / 2)}


@pytest.fixture
def learner_of(monkeypatch):
    """A learner over a linear encoder, whose log goes nowhere; `seen` is what its objective saw."""

    def make(compiled):
        seen = {}

        class Seeing(Sum):
            def forward(self, outputs, classes):
                seen.update(outputs=outputs, autocast=torch.is_autocast_enabled("cpu"))
                return outputs.sum()

        encoder = torch.nn.Linear(2, 2)
        encoder.clip_by_clip = False
        learner = Learner(encoder, Seeing(), torch.optim.SGD, compiled)
        monkeypatch.setattr(learner, "log_dict", lambda *args, **settings: None)
        return learner, seen

    return make


def test_training_runs_what_was_compiled_and_validation_does_not(learner_of, monkeypatch):
    compiled = []

    def compile_instead(function):
        compiled.append(function)
        return lambda clips: clips + 7

    monkeypatch.setattr(torch, "compile", compile_instead)
    learner, seen = learner_of(compiled=True)
    learner.on_fit_start()
    assert compiled == [learner.encoder.forward]
    learner.training_step((torch.zeros(3, 2), torch.zeros(3)), 0)
    assert (seen["outputs"] == 7).all()
    learner.on_validation_epoch_start()
    learner.validation_step((torch.zeros(3, 2), torch.zeros(3)), 0)
    assert torch.equal(learner._collected[0][0][0], learner.encoder(torch.zeros(3, 2)))


def test_losses_are_computed_in_32_bits_whatever_the_network_is(learner_of):
    learner, seen = learner_of(compiled=False)
    with torch.autocast("cpu", torch.bfloat16):
        learner.training_step((torch.ones(3, 2), torch.zeros(3)), 0)
    assert seen["outputs"].dtype == torch.float32
    assert not seen["autocast"]


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
