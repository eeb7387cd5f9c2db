"""Classical classifiers are fitted at once, every class with the same weight."""

import numpy as np
import pytest
import torch

from earmark.learning.classical import fit_classical
from earmark.learning.dataset.arrays import FeatureArrays
from earmark.learning.dataset.pieces import LabelledPieces, TrainingData
from earmark.learning.embed import embed_pieces
from earmark.models.forest import Forest
from earmark.models.logistic import Logistic
from earmark.music.clip_geometry import ClipGeometry

LABELS = ["Ash", "Birch", "Cedar", "Dogwood"]
GEOMETRY = ClipGeometry(frames=8, hop=8, most_clips=0, frame_rate_hz=1.0)
SHAPE = {"channels": 1, "bands": 6, "frames": GEOMETRY.frames, "classes": len(LABELS)}
MODELS = {
    "logistic": lambda: Logistic(**SHAPE, penalty_c=1.0, max_iterations=1000),
    "forest": lambda: Forest(**SHAPE, trees=30, max_depth=4, min_samples_leaf=1),
}


def no_batches(labels, groups, seed):
    raise AssertionError("a model that is fitted at once needs no batches")


@pytest.fixture
def data_of(tmp_path):
    """Training data of pieces that are saved: for each split rows of (name, label, values)."""

    def make(train, validation):
        for name, _, values in (*train, *validation):
            np.save(tmp_path / f"{name}.npy", values.astype(np.float16))
        parts = []
        for rows in (train, validation):
            ids, labels, _ = map(list, zip(*rows, strict=True))
            parts.append(LabelledPieces(FeatureArrays(tmp_path, ids), labels, ids))
        return TrainingData(*parts, LABELS, GEOMETRY, no_batches)

    return make


@pytest.fixture
def data(data_of):
    """Six pieces of each label to fit to and two to validate; a label has one loud band of its own."""
    random = np.random.default_rng(0)

    def rows(split, works):
        for number, label in enumerate(LABELS[:3]):
            for work in range(works):
                values = random.normal(0, 4, (1, 6, 30))
                values[0, number] += 6
                yield f"{label}-{split}-{work}", label, values

    return data_of(list(rows("train", 6)), list(rows("validation", 2)))


@pytest.mark.parametrize("kind", MODELS)
def test_what_can_be_learned_is_learned_and_kept(data, kind):
    model = MODELS[kind]()
    fit = fit_classical(model, data, seed=0)
    assert fit.monitored == "validation/balanced_accuracy"
    assert fit.history == [{"epoch": 0, "validation/balanced_accuracy": fit.score}]
    assert (fit.kept_epoch, set(fit.weights)) == (0, set(model.state_dict()))
    assert fit.score > 0.9
    # The score is the mean recall of validation clips by the weights that are kept.
    kept = MODELS[kind]()
    kept.load_state_dict(fit.weights)
    recalls = {label: [] for label in data.validation.labels}
    clips = embed_pieces(kept, data.validation.arrays, GEOMETRY).clips
    for label, scores in zip(data.validation.labels, clips, strict=True):
        recalls[label] += (scores.argmax(axis=1) == LABELS.index(label)).tolist()
    assert fit.score == pytest.approx(np.mean([np.mean(row) for row in recalls.values()]), abs=1e-6)


@pytest.mark.parametrize("kind", MODELS)
def test_equal_seeds_give_equal_classifiers(data, kind):
    one, same = (fit_classical(MODELS[kind](), data, seed=1) for _ in range(2))
    assert one.history == same.history
    assert all(torch.equal(one.weights[name], same.weights[name]) for name in one.weights)


class Weighed(torch.nn.Module):
    """Keeps what it is asked to fit, and always chooses the first class."""

    gives, clip_by_clip = "scores", True

    def __init__(self):
        super().__init__()
        self.register_buffer("nothing", torch.zeros(1))

    def summarise(self, clips):
        return clips.mean(dim=(1, 3))

    def fit(self, summaries, classes, weights, seed):
        self.given = summaries, classes, weights, seed

    def scores(self, summaries):
        return torch.eye(4)[torch.zeros(len(summaries), dtype=torch.long)]

    def forward(self, clips):
        return self.scores(self.summarise(clips))


def test_classes_weigh_alike_and_in_each_all_pieces_and_in_each_all_clips(data_of):
    # Ash: pieces of 1 and 3 clips; Birch: one of 2; the others: none in training. Frames 8 a clip.
    def row(name, label, value, frames):
        return name, label, np.full((1, 6, frames), value)

    train = [row("a1", "Ash", 0, 8), row("a2", "Ash", 1, 24), row("b1", "Birch", 2, 16)]
    validation = [row("v1", "Ash", 3, 8), row("v2", "Birch", 4, 8)]
    model = Weighed()
    fit = fit_classical(model, data_of(train, validation), seed=7)
    summaries, classes, weights, seed = model.given
    assert seed == 7
    assert classes.tolist() == [0, 0, 0, 0, 1, 1]
    assert summaries[:, 0].tolist() == [0, 1, 1, 1, 2, 2]
    assert weights.mean() == pytest.approx(1)  # so that a penalty means the same whatever the corpus
    assert weights[:4].sum() == pytest.approx(weights[4:].sum())
    assert weights[0] == pytest.approx(weights[1:4].sum())
    assert len(set(weights[1:4].round(12))) == len(set(weights[4:].round(12))) == 1
    assert fit.score == 0.5  # all of Ash, none of Birch; the others do not occur
