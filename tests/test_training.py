"""Training: the best epoch is kept, and all can be repeated."""

import os
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from earmark.dataset.arrays import FeatureArrays
from earmark.dataset.module import LabelledPieces
from earmark.embed import ClipGeometry, embed_pieces
from earmark.learner import retrieval
from earmark.objectives.triplet import Triplet
from earmark.training import fit

LABELS = ["Ash", "Birch", "Cedar"]
GEOMETRY = ClipGeometry(frames=8, hop=8, most_clips=3, frame_rate_hz=1.0)
DATASET = SimpleNamespace(
    classes_per_batch=3,
    works_per_class=3,
    clips_per_piece=2,
    batches_per_epoch=6,
    validation_max_clips=3,
    max_gain_db=1.0,
    max_band_shift=0,
    max_masked_bands=1,
)


class Linear(torch.nn.Module):
    """Bands, averaged over time, in two dimensions."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(6, 2)

    def forward(self, clips):
        return self.layer(clips.mean(dim=(1, 3)))


@pytest.fixture
def pieces(tmp_path):
    """Six works of each label to train on and two to validate; a label has one loud band of its own."""
    random = np.random.default_rng(0)
    parts = []
    for name, works in (("train", 6), ("validation", 2)):
        rows = [(f"{label}-{name}-{work}", label) for label in LABELS for work in range(works)]
        for piece_id, label in rows:
            values = random.normal(0, 4, (1, 6, 30))
            values[0, LABELS.index(label)] += 6
            np.save(tmp_path / f"{piece_id}.npy", values.astype(np.float16))
        ids, labels = map(list, zip(*rows, strict=True))
        parts.append(LabelledPieces(FeatureArrays(tmp_path, ids), labels, ids))
    return parts


@pytest.fixture
def train(pieces):
    def run(seed=0, lr=0.02, logger=None, **settings):
        trainer = {
            **{"accelerator": "cpu", "devices": 1, "strategy": "auto", "precision": "32-true"},
            **{"max_epochs": 3, "max_steps": -1, "patience": 10, "seed": seed, **settings},
        }
        torch.manual_seed(seed)
        return fit(
            Linear(),
            Triplet(margin=0.5, miner="all"),
            partial(torch.optim.Adam, lr=lr),
            *pieces,
            LABELS,
            GEOMETRY,
            DATASET,
            SimpleNamespace(**trainer),
            logger,
        )

    return run


def retrieval_of(weights, pieces):
    """Validation retrieval of an encoder with these weights."""
    encoder = Linear()
    encoder.load_state_dict(weights)
    sides = []
    for part in pieces:
        clips = embed_pieces(encoder, part.arrays, GEOMETRY).clips
        numbers = [LABELS.index(label) for label in part.labels]
        sides.append(
            (torch.tensor(np.concatenate(clips)), torch.tensor(np.repeat(numbers, [len(c) for c in clips])))
        )
    return retrieval(*sides[1], *sides[0])


def test_every_epoch_has_its_loss_and_retrieval(train, capsys):
    found = train()
    assert [epoch["epoch"] for epoch in found.history] == [0, 1, 2]
    assert all({"train/loss", "validation/retrieval"} <= set(epoch) for epoch in found.history)
    assert found.history[-1]["train/loss"] < found.history[0]["train/loss"]
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]


def test_the_weights_are_those_of_the_best_epoch(train, pieces):
    found = train(lr=1.0, max_epochs=6)  # a rate at which epochs differ
    scores = [epoch["validation/retrieval"] for epoch in found.history]
    assert found.best_retrieval == max(scores)
    assert found.best_epoch == scores.index(max(scores))
    assert len(set(scores)) > 1
    assert set(found.weights) == {"layer.weight", "layer.bias"}
    assert retrieval_of(found.weights, pieces) == pytest.approx(found.best_retrieval, abs=1e-6)


def test_what_can_be_learned_is_learned(train, pieces):
    torch.manual_seed(0)
    untrained = retrieval_of(Linear().state_dict(), pieces)
    assert train(lr=0.1, max_epochs=4).best_retrieval > max(untrained, 0.85)


def test_equal_seeds_give_equal_weights_and_curves(train):
    one, same, other = train(seed=1), train(seed=1), train(seed=2)
    assert one.history == same.history != other.history
    assert all(torch.equal(one.weights[name], same.weights[name]) for name in one.weights)


def test_training_stops_when_patience_is_at_an_end(train):
    assert len(train(lr=0.0, max_epochs=20, patience=2).history) == 3


@pytest.mark.parametrize(("steps", "epochs"), [(2, 1), (6, 1), (8, 2)])
def test_training_stops_after_so_many_steps_with_a_model(train, steps, epochs):
    found = train(max_steps=steps, max_epochs=-1)
    assert len(found.history) == epochs
    assert found.best_retrieval > 0
    assert set(found.weights) == {"layer.weight", "layer.bias"}


def test_nothing_is_left_behind(train, tmp_path, monkeypatch):
    for name in ("here", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    train(max_epochs=1)
    assert os.listdir(tmp_path / "here") == os.listdir(tmp_path / "tmp") == []
