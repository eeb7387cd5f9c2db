"""Training: the best epoch is kept, and all can be repeated."""

import json
import os
import shutil
import socket
from functools import partial

import numpy as np
import pytest
import torch

from earmark.foundation.errors import EarmarkError
from earmark.foundation.targets import build
from earmark.learning.dataset.arrays import FeatureArrays
from earmark.learning.dataset.augment import Augmentation
from earmark.learning.dataset.pieces import LabelledPieces, TrainingData
from earmark.learning.embed import embed_pieces
from earmark.learning.learner import retrieval
from earmark.learning.objectives.triplet import Triplet
from earmark.learning.training import Trainable, fit, fit_classical
from earmark.models.forest import Forest
from earmark.models.logistic import Logistic
from earmark.music.clips import ClipGeometry

LABELS = ["Ash", "Birch", "Cedar"]
GEOMETRY = ClipGeometry(frames=8, hop=8, most_clips=3, frame_rate_hz=1.0)
SAMPLER = {
    "_target_": "earmark.learning.samplers.class_work.ClassWorkSampler",
    "classes_per_batch": 3,
    "works_per_class": 3,
    "clips_per_piece": 2,
    "batches_per_epoch": 6,
}


def batches(labels, groups, seed):
    """A sampler of SAMPLER's settings."""
    return build(SAMPLER, "sampler", labels=labels, groups=groups, seed=seed)


def data_of(parts, labels=LABELS):
    """Training data of pieces to learn from and to validate by."""
    return TrainingData(
        *parts,
        labels,
        GEOMETRY,
        batches,
        Augmentation(max_gain_db=1.0, max_masked_bands=1),
        validation_max_clips=3,
    )


# What `train` of the fixture below does, on one of two machines.
NODE = """
import json, os, sys, warnings
from pathlib import Path
from functools import partial
import torch
from earmark.foundation.targets import build
from earmark.learning.dataset.arrays import FeatureArrays
from earmark.learning.dataset.augment import Augmentation
from earmark.learning.dataset.pieces import LabelledPieces, TrainingData
from earmark.learning.objectives.triplet import Triplet
from earmark.learning.settings import TrainerSettings
from earmark.learning.training import Trainable, fit
from earmark.music.clips import ClipGeometry

warnings.simplefilter("ignore")  # Lightning's remarks
folder, port, rank = sys.argv[1:]
os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port, NODE_RANK=rank, OMP_NUM_THREADS="1")
given = json.load(open(f"{folder}/given.json"))
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d((6, 1)), torch.nn.Flatten(), torch.nn.Linear(6, 2))
net.clip_by_clip = False
parts = [LabelledPieces(FeatureArrays(Path(folder), ids), labels, ids) for ids, labels in given["parts"]]

def batches(labels, groups, seed):
    return build(given["sampler"], "sampler", labels=labels, groups=groups, seed=seed)

data = TrainingData(*parts, given["labels"], ClipGeometry(**given["geometry"]), batches,
                    Augmentation(**given["augmentation"]), validation_max_clips=3)
model = Trainable(net, Triplet(margin=0.5, miner="all"), partial(torch.optim.Adam, lr=0.05))
kept = fit(model, data, TrainerSettings(**given["trainer"]))
print("kept nothing" if kept is None else json.dumps([e["validation/retrieval"] for e in kept.history]))
"""


class Linear(torch.nn.Module):
    """Bands, averaged over time, in two dimensions."""

    clip_by_clip = False

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
def train(pieces, trainer_settings):
    def run(seed=0, lr=0.02, logger=None, encoder=Linear, **settings):
        torch.manual_seed(seed)
        model = Trainable(encoder(), Triplet(margin=0.5, miner="all"), partial(torch.optim.Adam, lr=lr))
        return fit(model, data_of(pieces), trainer_settings(seed=seed, **settings), logger)

    return run


def plain_network():
    """Linear of torch's own classes, which a spawned process can find."""
    layers = torch.nn.AdaptiveAvgPool2d((6, 1)), torch.nn.Flatten(), torch.nn.Linear(6, 2)
    network = torch.nn.Sequential(*layers)
    network.clip_by_clip = False
    return network


def normed_network():
    """The same with batch normalisation, which each process does on its share."""
    return plain_network().append(torch.nn.BatchNorm1d(2))


def retrieval_of(weights, pieces, encoder=Linear):
    """Validation retrieval of an encoder with these weights."""
    encoder = encoder()
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
    found = train(seed=4)
    assert [epoch["epoch"] for epoch in found.history] == [0, 1, 2]
    assert all({"train/loss", "validation/retrieval"} <= set(epoch) for epoch in found.history)
    losses = [epoch["train/loss_all_triplets"] for epoch in found.history]
    assert losses == sorted(losses, reverse=True)
    assert all(0 <= epoch["train/violated_share"] <= 1 for epoch in found.history)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]


def test_the_weights_are_those_of_the_best_epoch(train, pieces):
    found = train(lr=1.0, max_epochs=6)  # a rate at which epochs differ
    scores = [epoch["validation/retrieval"] for epoch in found.history]
    assert found.score == max(scores)
    assert found.kept_epoch == scores.index(max(scores))
    assert len(set(scores)) > 1
    assert set(found.weights) == {"layer.weight", "layer.bias"}
    assert retrieval_of(found.weights, pieces) == pytest.approx(found.score, abs=1e-6)


def test_what_can_be_learned_is_learned(train, pieces):
    torch.manual_seed(0)
    untrained = retrieval_of(Linear().state_dict(), pieces)
    assert train(lr=0.1, max_epochs=4).score > max(untrained, 0.85)


def test_equal_seeds_give_equal_weights_and_curves(train):
    one, same, other = train(seed=1), train(seed=1), train(seed=2)
    assert one.history == same.history != other.history
    assert all(torch.equal(one.weights[name], same.weights[name]) for name in one.weights)


def test_the_last_epoch_is_kept_where_that_is_wanted(train, pieces):
    found = train(lr=1.0, max_epochs=6, keep="last", patience=0)
    assert len(found.history) == 6
    assert found.kept_epoch == 5
    assert found.score == found.history[-1]["validation/retrieval"]
    assert retrieval_of(found.weights, pieces) == pytest.approx(found.score, abs=1e-6)


def test_training_stops_when_patience_is_at_an_end(train):
    assert len(train(lr=0.0, max_epochs=20, patience=2).history) == 3


@pytest.mark.parametrize(("steps", "epochs"), [(2, 1), (6, 1), (8, 2)])
def test_training_stops_after_so_many_steps_with_a_model(train, steps, epochs):
    found = train(max_steps=steps, max_epochs=-1)
    assert len(found.history) == epochs
    assert found.score > 0
    assert set(found.weights) == {"layer.weight", "layer.bias"}


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
def test_two_processes_are_judged_by_the_model_that_is_kept(train, pieces, alone):
    """Each has means and variances of its own; the score must be that of the first one's."""
    found = train(encoder=normed_network, lr=0.05, devices=2)
    assert retrieval_of(found.weights, pieces, normed_network) == pytest.approx(found.score, abs=1e-6)


@pytest.mark.slow
def test_two_machines_train_as_one_and_the_first_keeps_the_model(
    train, pieces, alone, python, tmp_path, trainer_settings
):
    """Both are this one here: two scripts that know their NODE_RANK, and spawn a process each."""
    one = train(encoder=plain_network, lr=0.05)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {"parts": [[part.groups, part.labels] for part in pieces], "labels": LABELS, "sampler": SAMPLER}
    given |= {"geometry": vars(GEOMETRY), "augmentation": {"max_gain_db": 1.0, "max_masked_bands": 1}}
    given |= {"trainer": vars(trainer_settings(num_nodes=2))}
    (tmp_path / "given.json").write_text(json.dumps(given))
    nodes = [python(NODE, tmp_path, port, rank) for rank in range(2)]
    said = [node.communicate(timeout=300) for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], "\n".join(text for _, text in said)
    first, second = (text.splitlines()[-1] for text, _ in said)
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
    usual, found = train(max_epochs=1), train(max_epochs=1, features_on_device=where)
    assert found.history == usual.history
    assert all(torch.equal(usual.weights[name], found.weights[name]) for name in usual.weights)


def test_bf16_is_near_and_leaves_weights_of_32_bits(train):
    full, mixed = train(), train(precision="bf16-mixed")
    assert mixed.history != full.history
    assert mixed.history[0]["train/loss"] == pytest.approx(full.history[0]["train/loss"], rel=0.05)
    assert {weight.dtype for weight in mixed.weights.values()} == {torch.float32}


def classical(kind, bands=6, classes=3):
    settings = {"channels": 1, "bands": bands, "frames": GEOMETRY.frames, "classes": classes}
    if kind == "logistic":
        return Logistic(**settings, penalty_c=1.0, max_iterations=1000)
    return Forest(**settings, trees=30, max_depth=4, min_samples_leaf=1)


CLASSICAL = pytest.mark.parametrize("kind", ["logistic", "forest"])


@CLASSICAL
def test_a_classical_classifier_learns_what_can_be_learned(pieces, kind):
    model = classical(kind)
    found = fit_classical(model, data_of(pieces), seed=0)
    assert found.monitored == "validation/balanced_accuracy"
    assert found.history == [{"epoch": 0, "validation/balanced_accuracy": found.score}]
    assert (found.kept_epoch, set(found.weights)) == (0, set(model.state_dict()))
    assert found.score > 0.9


@CLASSICAL
def test_its_score_is_the_mean_recall_of_validation_clips_by_the_weights_that_are_kept(pieces, kind):
    found = fit_classical(classical(kind), data_of(pieces), seed=0)
    again = classical(kind)
    again.load_state_dict(found.weights)
    clips = embed_pieces(again, pieces[1].arrays, GEOMETRY).clips
    right = {label: [] for label in LABELS}
    for label, scores in zip(pieces[1].labels, clips, strict=True):
        right[label] += (scores.argmax(axis=1) == LABELS.index(label)).tolist()
    assert found.score == pytest.approx(np.mean([np.mean(row) for row in right.values()]), abs=1e-6)


@CLASSICAL
def test_equal_seeds_give_equal_classifiers(pieces, kind):
    one, same = (fit_classical(classical(kind), data_of(pieces), seed=1) for _ in range(2))
    assert one.history == same.history
    assert all(torch.equal(one.weights[name], same.weights[name]) for name in one.weights)


class Weighed(torch.nn.Module):
    """Keeps what it is asked to fit, and always says the first class."""

    def __init__(self):
        super().__init__()
        self.register_buffer("nothing", torch.zeros(1))

    def summarise(self, clips):
        return clips.mean(dim=(1, 3))

    def fit(self, summaries, classes, weights, seed):
        self.given = summaries, classes, weights, seed

    def forward(self, clips):
        return torch.eye(4)[torch.zeros(len(clips), dtype=torch.long)]


def test_classes_weigh_alike_and_in_each_all_pieces_and_in_each_all_clips(tmp_path):
    # Ash: pieces of 1 and 3 clips; Birch: one of 2; Cedar: none in training. Frames 8 a clip.
    rows = [("a1", "Ash", 8), ("a2", "Ash", 24), ("b1", "Birch", 16), ("v1", "Ash", 8), ("v2", "Birch", 8)]
    for index, (name, _, frames) in enumerate(rows):
        np.save(tmp_path / f"{name}.npy", np.full((1, 6, frames), index, dtype=np.float16))
    train, validation = (
        LabelledPieces(FeatureArrays(tmp_path, [row[0] for row in part]), [row[1] for row in part], [])
        for part in (rows[:3], rows[3:])
    )
    model = Weighed()
    found = fit_classical(model, data_of([train, validation], [*LABELS, "Dogwood"]), seed=7)
    summaries, classes, weights, seed = model.given
    assert seed == 7
    assert classes.tolist() == [0, 0, 0, 0, 1, 1]
    assert summaries[:, 0].tolist() == [0, 1, 1, 1, 2, 2]
    assert weights.mean() == pytest.approx(1)  # so that a penalty means the same whatever the corpus
    assert weights[:4].sum() == pytest.approx(weights[4:].sum())
    assert weights[0] == pytest.approx(weights[1:4].sum())
    assert len(set(weights[1:4].round(12))) == len(set(weights[4:].round(12))) == 1
    assert found.score == 0.5  # all of Ash, none of Birch; the others do not occur
