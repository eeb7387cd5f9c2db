"""Which parts of a config fit together, and the model that they make."""

from pathlib import Path

import pytest
import torch

from earmark.foundation.errors import EarmarkError
from earmark.foundation.targets import build
from earmark.foundation.workspace import Workspace
from earmark.learning.assembly import HEAD, check_parts
from earmark.models.classifier import Classifier
from earmark.models.dense import Dense
from earmark.pipeline.settings.config import compose

PROJECT = Path(__file__).parents[2]
CLASSIFY = ("objective=cross_entropy", "sampler=shuffled", "decision=vote")
CLASSES = 5


def parts(*overrides):
    config = compose(PROJECT / "conf", overrides)
    return config.parts(config.recipe(Workspace.at(PROJECT)))


def node(*overrides):
    return parts("model=dense", *overrides).model_node(CLASSES)


def shape_of(given):
    """The shape of the input that front end and clips of these parts give."""
    front_end = given.recipe.front_end
    channels = front_end.channels(given.recipe.format.channels)
    return {"channels": channels, "bands": front_end.bands(), "frames": given.recipe.clips.frames}


SHAPE = shape_of(parts())


def settings_of(model):
    """The settings of a model without where to start."""
    return dict(parts(f"model={model}").model)


def test_the_input_is_what_front_end_and_clips_give():
    made = node("features=mel", "features.n_mels=64", "dataset.clip_s=2", "audio=stereo44k")
    assert (made["channels"], made["bands"]) == (2, 64)
    hop = parts("features=mel").recipe.settings.features["hop_length"]
    assert made["frames"] == round(2 * 44100 / hop)


def test_an_encoder_learns_embeddings_as_it_is():
    assert node() == {**settings_of("dense"), **SHAPE}
    assert "init" not in node()
    assert type(build(node(), "model")) is Dense


@pytest.mark.parametrize("decision", ["vote", "majority", "prototype"])
@pytest.mark.parametrize("objective", ["cross_entropy", "squared_error"])
def test_a_head_is_put_on_an_encoder_where_scores_are_needed(objective, decision):
    made = node(f"objective={objective}", "sampler=shuffled", f"decision={decision}")
    encoder = settings_of("dense")
    assert made == {"_target_": HEAD, "_recursive_": False, "encoder": encoder, **SHAPE, "classes": CLASSES}
    model = build(made, "model")
    assert type(model) is Classifier
    assert type(model.encoder) is Dense
    assert model.eval()(torch.zeros(3, *SHAPE.values())).shape == (3, CLASSES)


def test_a_head_that_the_config_has_already_is_not_put_on_twice():
    made = node("model=classifier", "model@model.encoder=dense", *CLASSIFY)
    assert made == node(*CLASSIFY)


def test_a_model_that_gives_scores_is_told_how_many():
    made = node("model=logistic", *CLASSIFY)
    assert made == {**settings_of("logistic"), **SHAPE, "classes": CLASSES}
    assert build(made, "model")(torch.zeros(2, *SHAPE.values())).shape == (2, CLASSES)


def test_where_to_start_is_not_the_models_own_setting():
    assert node("model.init=models", *CLASSIFY) == node(*CLASSIFY)
    assert node("model.init=models") == node()


@pytest.mark.parametrize(
    ("overrides", "message"),
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
def test_parts_that_do_not_fit_are_one_line_that_says_what_to_choose(overrides, message):
    with pytest.raises(EarmarkError) as caught:
        node(*overrides)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "message"),
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
def test_what_cannot_be_built_is_refused_before_anything_is_computed(overrides, message):
    with pytest.raises(EarmarkError) as caught:
        check_parts(parts("features=mel", *overrides), [])
    assert message in str(caught.value)
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
    check_parts(parts("features=mel", *overrides), [])


def test_a_sampler_gets_what_no_config_states():
    labels, given = ["a", "a", "b", "b"], parts("sampler=shuffled", "sampler.batch_size=2")
    one, other = (list(given.batches(labels, labels, seed)) for seed in (0, 1))
    for batches in (one, other):
        drawn = sorted(index for batch in batches for index in batch)
        assert drawn == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4  # four clips of each piece
    assert one != other


@pytest.mark.parametrize("setting", ["max_gain_db", "max_band_shift", "max_masked_bands"])
def test_clips_that_are_not_in_decibels_are_not_changed_as_if_they_were(setting):
    descriptors = ["features=descriptors", "dataset=plain", f"dataset.{setting}=1"]
    with pytest.raises(EarmarkError, match=f"dataset.{setting}=1 changes bands in dB, and those of"):
        check_parts(parts(*descriptors, "model=dense"), [])
    # A classical model is fitted to clips as they are.
    check_parts(parts(*descriptors, "model=logistic", *CLASSIFY), [])


def test_a_part_that_lacks_what_its_contract_asks_is_one_line(monkeypatch):
    monkeypatch.delattr(Dense, "gives")
    with pytest.raises(EarmarkError, match="config: model: Dense lacks `gives`"):
        node()
