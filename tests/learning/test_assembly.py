"""Which parts of a config fit together, and the model that they make."""

from pathlib import Path

import pytest
import torch

from earmark.foundation.contracts import ClassicalModel
from earmark.foundation.errors import EarmarkError
from earmark.foundation.targets import build
from earmark.foundation.workspace import Workspace
from earmark.learning.assembly import HEAD, check_parts
from earmark.models.classifier import Classifier
from earmark.models.dense import Dense
from earmark.models.forest import Forest
from earmark.pipeline.settings.config import compose

CONF = Path(__file__).parents[2] / "conf"
CLASSIFY = ("objective=cross_entropy", "sampler=shuffled", "decision=vote")
SHAPE = {"channels": 1, "bands": 16, "frames": 20}


# 20 frames of 16 bands: 8000 / 400 Hz for a second
SMALL = (
    *("audio.sample_rate=8000", "features=mel", "features.hop_length=400", "features.n_mels=16"),
    *("features.f_max_hz=4000", "dataset.clip_s=1"),
)


def parts(*overrides):
    """The parts of a config."""
    config = compose(CONF, overrides)
    return config.parts(config.recipe(Workspace.at(CONF.parent)))


def node(*overrides):
    return parts("model=dense", *SMALL, *overrides).model_node(5)


def check(*overrides):
    config = compose(CONF, overrides)
    check_parts(config.parts(config.recipe(Workspace.at(CONF.parent))), config.data.labels)


def test_the_input_is_what_front_end_and_clips_give():
    shape = parts("features=mel", "features.n_mels=64", "dataset.clip_s=2", "audio=stereo44k").model_node(7)
    assert (shape["channels"], shape["bands"]) == (2, 64)
    hop_length = compose(CONF, ["features=mel"]).features["hop_length"]
    assert shape["frames"] == round(2 * 44100 / hop_length)


def test_an_encoder_learns_embeddings_as_it_is():
    found = node()
    assert found == {**_without_init("dense"), **SHAPE}
    assert type(build(found, "model")) is Dense


def _without_init(model):
    own = compose(CONF, [f"model={model}"]).model
    return {name: value for name, value in own.items() if name != "init"}


@pytest.mark.parametrize("decision", ["vote", "majority", "prototype"])
@pytest.mark.parametrize("objective", ["cross_entropy", "squared_error"])
def test_a_head_is_put_on_an_encoder_where_scores_are_needed(objective, decision):
    found = node(f"objective={objective}", "sampler=shuffled", f"decision={decision}")
    encoder = _without_init("dense")
    assert found == {"_target_": HEAD, "_recursive_": False, "encoder": encoder, **SHAPE, "classes": 5}
    model = build(found, "model")
    assert type(model) is Classifier
    assert type(model.encoder) is Dense
    assert model.eval()(torch.zeros(3, 1, 16, 20)).shape == (3, 5)


def test_a_head_that_the_config_has_already_is_not_put_on_twice():
    found = node("model=classifier", "model@model.encoder=dense", *CLASSIFY)
    assert found == node(*CLASSIFY)


def test_a_model_that_gives_scores_is_told_how_many():
    found = node("model=logistic", *CLASSIFY)
    assert found == {**_without_init("logistic"), **SHAPE, "classes": 5}
    assert build(found, "model")(torch.zeros(2, 1, 16, 20)).shape == (2, 5)


def test_where_to_start_is_not_the_models_own_setting():
    assert node("model.init=models", *CLASSIFY) == node(*CLASSIFY)
    assert node("model.init=models") == node()


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["model=logistic"], "Logistic gives class scores and Triplet learns from embeddings: choose "),
        (["model=forest", "objective=anchor_triplet"], "Forest gives class scores and AnchorTriplet"),
        (["decision=vote"], "Vote decides by scores and the model gives embeddings under Triplet: choose "
         "decision=prototype"),
        (["decision=anchor", "objective=cross_entropy", "sampler=shuffled"],
         "NearestAnchor decides by embeddings and the model gives scores under CrossEntropy: choose "
         "decision=vote, or objective=triplet"),
        (["objective=anchor_triplet"], "AnchorTriplet learns from batches of triplets, and ClassWorkSampler "
         "gives classes: choose sampler=anchors"),
        (["sampler=anchors"], "Triplet learns from batches of classes, and AnchorTriplets gives triplets: "
         "choose sampler=class_work"),
        (["sampler=anchors", "objective=cross_entropy", "decision=vote"], "CrossEntropy learns from batches"),
        (["+model.depth=3"], "model.depth is not a setting of"),
        (["+sampler.depth=3"], "sampler.depth is not a setting of"),
        (["+objective.depth=3"], "objective.depth is not a setting of"),
        (["+decision.depth=3"], "decision.depth is not a setting of"),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit_are_one_line_that_says_what_to_choose(overrides, said):
    with pytest.raises(EarmarkError) as caught:
        node(*overrides)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["+sampler.seed=1"], "sampler.seed is not for a config to set"),
        (["+sampler.labels=[a]"], "sampler.labels is not for a config to set"),
        (["+sampler.groups=[a]"], "sampler.groups is not for a config to set"),
        (["sampler.classes_per_batch=1"], "a batch needs two clips of one class and one of another"),
        (["sampler.works_per_class=1", "sampler.clips_per_piece=1"], "a batch needs two clips"),
        (["sampler=anchors", "objective=anchor_triplet", "sampler.triplets_per_batch=0"],
         "sampler.triplets_per_batch=0 must be 1 or more"),
        (["objective.miner=soft"], "miner=soft is none of semihard, hard, all"),
        (["model=composer_original"], "needs clips of 2 x 64 x 2584, not 1 x 128 x"),
        (["model=classifier", "model@model.encoder=logistic", *CLASSIFY], "gives scores, not embeddings"),
        (["model=classifier", "model.encoder._target_=os.mkdir", *CLASSIFY], "must be a model of"),
        (["model=classifier", "+model.encoder.depth=3", *CLASSIFY], "model.encoder.depth is not a setting"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_refused_before_anything_is_computed(overrides, said):
    with pytest.raises(EarmarkError) as caught:
        check("features=mel", *overrides)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        [*CLASSIFY],
        ["model=classifier", *CLASSIFY],
        ["sampler=shuffled", "sampler.batch_size=1", "objective=squared_error", "decision=prototype"],
        ["sampler=anchors", "sampler.triplets_per_batch=1", "objective=anchor_triplet", "decision=anchor"],
        ["model=forest", "features=descriptors", *CLASSIFY],
        # A class-wise batch of one would hold no triplet, and a classifier needs none.
        ["sampler.classes_per_batch=1", "objective=cross_entropy", "decision=vote"],
    ],
)
def test_what_fits_together_passes(overrides):
    check("features=mel", *overrides)


def test_a_sampler_gets_what_no_config_states():
    shuffled = parts("sampler=shuffled", "sampler.batch_size=2")
    labels = ["a", "a", "b", "b"]
    one, other = (list(shuffled.batches(labels, labels, seed)) for seed in (0, 1))
    for batches in (one, other):
        drawn = sorted(index for batch in batches for index in batch)
        assert drawn == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4  # four clips of each piece
    assert one != other


def test_a_part_that_lacks_what_its_contract_asks_is_one_line(monkeypatch):
    monkeypatch.delattr(Dense, "gives")
    with pytest.raises(EarmarkError, match="config: model: Dense lacks `gives`"):
        node()


def test_classical_classifiers_are_told_by_their_contract():
    assert isinstance(Forest(1, 4, 4, 2, trees=1, max_depth=1, min_samples_leaf=1), ClassicalModel)
    assert not isinstance(torch.nn.Linear(1, 1), ClassicalModel)
