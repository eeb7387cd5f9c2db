"""Training: the best epoch is kept, and all can be repeated."""

import json
import os
import shutil
import socket
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from earmark.foundation.errors import EarmarkError
from earmark.learning.dataset.arrays import FeatureArrays
from earmark.learning.dataset.augment import Augmentation
from earmark.learning.dataset.pieces import LabelledPieces, TrainingData
from earmark.learning.embed import embed_pieces
from earmark.learning.learner import retrieval
from earmark.learning.objectives.triplet import Triplet
from earmark.learning.samplers.class_work import ClassWorkSampler
from earmark.learning.training import Trainable, fit
from earmark.music.clip_geometry import ClipGeometry

LABELS = ["Ash", "Birch", "Cedar"]
SPLITS = {"train": 6, "validation": 2}  # works of each label
GEOMETRY = ClipGeometry(frames=8, hop=8, most_clips=3, frame_rate_hz=1.0)
SAMPLER = {"classes_per_batch": 3, "works_per_class": 3, "clips_per_piece": 2, "batches_per_epoch": 6}
AUGMENTATION = Augmentation(max_gain_db=1.0, max_masked_bands=1)


def sampler(labels, groups, seed):
    return ClassWorkSampler(labels, groups, seed=seed, **SAMPLER)


# A training on one of two machines.
NODE = """
import json, os, sys, warnings
from pathlib import Path

warnings.simplefilter("ignore")  # Lightning's remarks
tests, folder, port, rank, settings = sys.argv[1:]
os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port, NODE_RANK=rank, OMP_NUM_THREADS="1")
sys.path.insert(0, tests)  # which the spawned process inherits
from test_training import fitted, plain_network, training_data
from earmark.learning.settings import TrainerSettings

settings = TrainerSettings(**json.loads(settings))
result = fitted(training_data(Path(folder)), settings, plain_network, lr=0.05)
print("kept nothing" if result is None else json.dumps([e["validation/retrieval"] for e in result.history]))
"""


class Linear(torch.nn.Module):
    """Bands, averaged over time, in two dimensions."""

    gives, clip_by_clip = "embeddings", True

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(6, 2)

    def forward(self, clips):
        return self.layer(clips.mean(dim=(1, 3)))


def training_data(folder):
    """Six works of each label to train on and two to validate, as the fixture `data` saves them."""
    parts = []
    for name, works in SPLITS.items():
        rows = [(f"{label}-{name}-{work}", label) for label in LABELS for work in range(works)]
        ids, labels = map(list, zip(*rows, strict=True))
        parts.append(LabelledPieces(FeatureArrays(folder, ids), labels, ids))
    return TrainingData(*parts, LABELS, GEOMETRY, sampler, AUGMENTATION, validation_max_clips=3)


def fitted(data, settings, encoder, lr):
    """What a training with a triplet loss leaves."""
    torch.manual_seed(settings.seed)
    model = Trainable(encoder(), Triplet(margin=0.5, miner="all"), partial(torch.optim.Adam, lr=lr))
    return fit(model, data, settings)


@pytest.fixture
def data(tmp_path):
    """Pieces of 30 frames; a label has one loud band of its own."""
    random, made = np.random.default_rng(0), training_data(tmp_path)
    for part in (made.train, made.validation):
        for piece_id, label in zip(part.groups, part.labels, strict=True):
            values = random.normal(0, 4, (1, 6, 30))
            values[0, LABELS.index(label)] += 6
            np.save(tmp_path / f"{piece_id}.npy", values.astype(np.float16))
    return made


@pytest.fixture
def train(data, trainer_settings):
    """A training of the data under settings."""

    def run(seed=0, lr=0.02, encoder=Linear, **settings):
        return fitted(data, trainer_settings(seed=seed, **settings), encoder, lr)

    return run


def plain_network():
    """Linear of torch's own classes, which a spawned process can find."""
    layers = torch.nn.AdaptiveAvgPool2d((6, 1)), torch.nn.Flatten(), torch.nn.Linear(6, 2)
    network = torch.nn.Sequential(*layers)
    network.gives, network.clip_by_clip = "embeddings", True
    return network


def normed_network():
    """The same with batch normalisation, which each process does on its share."""
    network = plain_network().append(torch.nn.BatchNorm1d(2))
    network.clip_by_clip = False
    return network


def retrieval_of(weights, data, encoder=Linear):
    """Validation retrieval of an encoder with these weights."""
    encoder = encoder()
    encoder.load_state_dict(weights)
    sides = []
    for part in (data.train, data.validation):
        clips = embed_pieces(encoder, part.arrays, GEOMETRY).clips
        numbers = data.numbers(part)
        sides.append(
            (torch.tensor(np.concatenate(clips)), torch.tensor(np.repeat(numbers, [len(c) for c in clips])))
        )
    return retrieval(*sides[1], *sides[0])


def test_every_epoch_has_its_values_and_a_line(train, capsys):
    history = train(seed=4).history
    assert [epoch["epoch"] for epoch in history] == [0, 1, 2]
    for epoch in history:
        assert set(epoch) == {
            *("epoch", "train/loss", "train/loss_all_triplets", "train/violated_share"),
            "validation/retrieval",
        }
    assert history[-1]["train/loss_all_triplets"] < history[0]["train/loss_all_triplets"]
    assert capsys.readouterr().out.splitlines() == [
        f"epoch {number}/3: triplet loss {epoch['train/loss_all_triplets']:.4f} (mean of all triplets), "
        f"{epoch['train/violated_share']:.1%} of the triplets violate the margin, "
        f"validation retrieval {epoch['validation/retrieval']:.4f}"
        for number, epoch in enumerate(history, 1)
    ]


def test_the_weights_are_those_of_the_best_epoch(train, data):
    result = train(lr=1.0, max_epochs=6)  # a rate at which epochs differ
    scores = [epoch["validation/retrieval"] for epoch in result.history]
    assert result.score == max(scores)
    assert result.kept_epoch == scores.index(max(scores))
    assert len(set(scores)) > 1
    assert set(result.weights) == {"layer.weight", "layer.bias"}
    assert retrieval_of(result.weights, data) == pytest.approx(result.score, abs=1e-6)


def test_what_can_be_learned_is_learned(train, data):
    torch.manual_seed(0)
    untrained = retrieval_of(Linear().state_dict(), data)
    assert train(lr=0.1, max_epochs=4).score > max(untrained, 0.85)


def test_equal_seeds_give_equal_weights_and_curves(train):
    one, same, other = train(seed=1), train(seed=1), train(seed=2)
    assert one.history == same.history != other.history
    assert all(torch.equal(one.weights[name], same.weights[name]) for name in one.weights)


def test_the_last_epoch_is_kept_where_that_is_wanted(train, data):
    result = train(lr=1.0, max_epochs=6, keep="last", patience=0)
    assert len(result.history) == 6
    assert result.kept_epoch == 5
    assert result.score == result.history[-1]["validation/retrieval"]
    assert retrieval_of(result.weights, data) == pytest.approx(result.score, abs=1e-6)


def test_training_stops_when_patience_is_at_an_end(train):
    assert len(train(lr=0.0, max_epochs=20, patience=2).history) == 3


@pytest.mark.parametrize(("steps", "epochs"), [(2, 1), (6, 1), (8, 2)])
def test_training_stops_after_so_many_steps_with_a_model(train, steps, epochs):
    result = train(max_steps=steps, max_epochs=-1)
    assert len(result.history) == epochs
    assert result.score > 0
    assert set(result.weights) == {"layer.weight", "layer.bias"}


def test_nothing_is_left_behind(train, tmp_path, monkeypatch):
    for name in ("here", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    train(max_epochs=1)
    assert os.listdir(tmp_path / "here") == os.listdir(tmp_path / "tmp") == []


@pytest.fixture
def alone(monkeypatch):
    """As if no other training had chosen a port, a rank or threads for its processes."""
    for name in ("MASTER_PORT", "MASTER_ADDR", "NODE_RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.mark.slow
def test_two_processes_train_and_validate_as_one(train, alone):
    one, two = (train(encoder=plain_network, lr=0.05, devices=devices) for devices in (1, 2))
    for epoch, same in zip(one.history, two.history, strict=True):
        assert same == pytest.approx(epoch, rel=1e-5)
    assert (two.kept_epoch, two.score) == (one.kept_epoch, pytest.approx(one.score, rel=1e-5))
    # The bias moves all embeddings alike, which no distance sees: Adam walks on its rounding errors.
    assert torch.allclose(one.weights["2.weight"], two.weights["2.weight"], atol=1e-5)


@pytest.mark.slow
def test_two_processes_are_scored_by_the_model_that_is_kept(train, data, alone):
    """Each has means and variances of its own; the score must be that of the first one's."""
    result = train(encoder=normed_network, lr=0.05, devices=2)
    assert retrieval_of(result.weights, data, normed_network) == pytest.approx(result.score, abs=1e-6)


@pytest.mark.slow
def test_two_machines_train_as_one_and_the_first_keeps_the_model(
    train, trainer_settings, alone, python, tmp_path
):
    """Both are this one here: two scripts that know their NODE_RANK, and spawn a process each."""
    one = train(encoder=plain_network, lr=0.05)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = json.dumps(asdict(trainer_settings(num_nodes=2)))
    nodes = [python(NODE, Path(__file__).parent, tmp_path, port, rank, settings) for rank in range(2)]
    outputs = [node.communicate(timeout=300) for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], "\n".join(errors for _, errors in outputs)
    first, second = (text.splitlines()[-1] for text, _ in outputs)
    assert second == "kept nothing"
    expected = [epoch["validation/retrieval"] for epoch in one.history]
    assert json.loads(first) == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's compiler, of torch's own parts
@pytest.mark.skipif(not shutil.which(os.environ.get("CXX", "g++")), reason="torch.compile needs a compiler")
def test_a_compiled_network_learns_the_same_under_the_same_names(train):
    one, compiled, again = train(), train(compile=True), train(compile=True)
    assert compiled.history == again.history
    for epoch, same in zip(one.history, compiled.history, strict=True):
        assert same == pytest.approx(epoch, rel=1e-4)
    assert list(compiled.weights) == list(one.weights) == ["layer.weight", "layer.bias"]


def test_batches_too_small_for_so_many_processes_are_refused(train):
    with pytest.raises(EarmarkError, match="a batch of 18 clips leaves some of 10 processes fewer than two"):
        train(devices=10)


@pytest.mark.parametrize("where", [True, False])
def test_where_the_features_lie_changes_nothing(train, where):
    usual, result = train(max_epochs=1), train(max_epochs=1, features_on_device=where)
    assert result.history == usual.history
    assert all(torch.equal(usual.weights[name], result.weights[name]) for name in usual.weights)


def test_bf16_is_near_and_leaves_weights_of_32_bits(train):
    full, mixed = train(), train(precision="bf16-mixed")
    assert mixed.history != full.history
    assert mixed.history[0]["train/loss"] == pytest.approx(full.history[0]["train/loss"], rel=0.05)
    assert {weight.dtype for weight in mixed.weights.values()} == {torch.float32}
