"""Other parts in the same pipeline: classifiers, classical models, anchors, and a training that goes on."""

import json
from copy import deepcopy

import numpy as np
import pytest

from earmark.bundle import Bundle
from earmark.decisions.discriminant import FittedDiscriminant
from earmark.decisions.prototype import FittedPrototypes
from earmark.decisions.vote import FittedVote
from earmark.foundation.workspace import Workspace
from earmark.identify.encoding import module_of
from earmark.music.catalog import read_table
from earmark.pipeline import order as pipeline
from earmark.pipeline.settings.config import compose

SECTIONS = [
    *("validation", "closed_set", "open_set", "clips", "selective", "calibration"),
    *("control", "baseline", "pieces", "warnings"),
]
CLASSIFY = (
    "objective=cross_entropy",
    "sampler=shuffled",
    "sampler.batch_size=8",
    "sampler.clips_per_piece=2",
)
CHOSEN = ("midi", "renderings", "model", "features", "sampler", "objective", "decision")


@pytest.fixture(scope="module")
def experiment(project, finished):
    """Run the pipeline as in `finished`, with other choices of the groups that are named; the workspace.

    What these do not touch comes from the first run's store.
    """

    def run(name, *overrides, sections=None, rate=None):
        config, chosen = deepcopy(finished.config), compose(project / "conf", list(overrides))
        named = {item.partition("=")[0].partition(".")[0] for item in overrides}
        for group in named & set(CHOSEN):
            setattr(config, group, getattr(chosen, group))
        config.evaluate.sections = sections or {}
        config.trainer.optimizer["lr"] = config.trainer.optimizer["lr"] if rate is None else rate
        workspace = Workspace.at(project, project / "runs" / name)
        pipeline.run(config, workspace)
        return workspace

    return run


@pytest.fixture(scope="module")
def classified(experiment):
    verification = {
        "_target_": "earmark.evaluation.verification.Verification",
        "false_accept_rate": 0.1,
    }
    metre = {"_target_": "earmark.evaluation.metre.MetreControl"}
    return experiment(
        "classified", *CLASSIFY, "decision=vote", sections={"verification": verification, "metre": metre}
    )


def measured(workspace):
    return json.loads((workspace.metrics / "evaluate.json").read_text())


def agrees(workspace):
    """The bundle, after a look whether verdicts and metrics are those of one evaluation."""
    bundle, verdicts = Bundle.load(workspace.models), read_table(workspace.verdicts)
    found = measured(workspace)
    test = verdicts[(verdicts.role == "known") & (verdicts.split == "test")]
    accuracy = (test.nearest_label == test.label).mean()
    assert found["closed_set"]["accuracy"]["value"] == pytest.approx(accuracy, abs=1e-6)
    answered = (test.verdict != "unknown").mean()
    assert found["selective"]["coverage"]["value"] == pytest.approx(answered, abs=1e-6)
    assert 0 <= found["clips"]["accuracy"]["value"] <= 1
    assert bundle.labels == ["Ash", "Birch", "Cedar"]
    assert len(bundle.references["label"]) == len(bundle.embeddings)
    return bundle


def test_a_classifier_votes(classified):
    bundle, found = agrees(classified), measured(classified)
    assert list(found) == [*SECTIONS[:6], "verification", "metre", *SECTIONS[6:]]
    assert set(found["verification"]) == {"auroc", "eer", "false_accepts", "false_rejects"}
    assert 0 <= found["verification"]["eer"]["value"] <= 1
    # pretty_midi states 4/4 in each file, and recordings state nothing.
    assert 0 <= found["metre"]["balanced_accuracy"]["value"] <= 1
    assert (classified.plots / "evaluation" / "roc.png").is_file()
    assert type(bundle.decision) is FittedVote
    assert bundle.embeddings.shape[1] == 3  # scores
    assert {"head.weight", "head.bias"} <= set(bundle.weights)
    trained = json.loads((classified.metrics / "train.json").read_text())
    assert trained["monitored"] == "validation/balanced_accuracy"
    assert trained["epochs"] == 2


def test_logistic_regression_on_descriptors_fits_at_once(experiment):
    workspace = experiment(
        "logistic",
        *CLASSIFY,
        *("model=logistic", "features=descriptors", "features.n_fft=1024", "features.hop_length=512"),
        *("features.n_mels=32", "decision=majority", "decision.min_share=0.0"),
    )
    bundle = agrees(workspace)
    assert list(measured(workspace)) == SECTIONS
    assert type(module_of(bundle)).__name__ == "Logistic"
    trained = json.loads((workspace.metrics / "train.json").read_text())
    assert (trained["epochs"], trained["parameters"]) == (1, 0)
    # Labels have scales and registers of their own: timbre and chroma tell them apart.
    assert trained["score"] > 0.6


def test_notes_and_a_discriminant(experiment):
    """Labels have scales and registers of their own, which the notes that are heard tell apart."""
    workspace = experiment(
        "notes", "features=notes", "features.notes_of=sound", "model=note_statistics", "decision=discriminant"
    )
    bundle = agrees(workspace)
    assert type(bundle.decision) is FittedDiscriminant
    trained = json.loads((workspace.metrics / "train.json").read_text())
    assert trained["monitored"] == "validation/retrieval"
    assert (trained["epochs"], trained["parameters"]) == (1, 0)
    strangers = read_table(workspace.verdicts).query("role == 'unknown-test'")
    assert len(strangers) == 3
    again = Bundle.load(workspace.models).decision
    assert again.threshold == bundle.decision.threshold > 0


def test_triplets_about_anchors(experiment):
    workspace = experiment(
        "anchored",
        *("sampler=anchors", "sampler.triplets_per_batch=4", "objective=anchor_triplet", "decision=anchor"),
    )
    bundle = agrees(workspace)
    assert list(measured(workspace)) == SECTIONS
    assert type(bundle.decision) is FittedPrototypes
    assert bundle.decision.threshold == 5.0
    # Each prototype is the mean of the clips of one training piece, the first of its label.
    for label, prototype in zip(bundle.labels, bundle.decision.prototypes, strict=True):
        pieces = bundle.references["piece_id"]
        first = bundle.embeddings[pieces == pieces[bundle.references["label"] == label][0]]
        assert prototype == pytest.approx(first.mean(axis=0), abs=1e-5)


def test_a_training_starts_from_another_bundle(experiment, finished, capsys):
    """At a learning rate of 0 it also ends there; what is new, the head, has its own start."""
    models = finished.workspace.models
    workspace = experiment("continued", *CLASSIFY, "decision=vote", f"model.init={models}", rate=0.0)
    bundle, start = agrees(workspace), Bundle.load(models)
    assert list(measured(workspace)) == SECTIONS
    said = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("start: "))
    assert said == (
        f"start: {len(start.weights)} of {len(start.weights) + 2} tensors from {models}; "
        "new are head.weight, head.bias"
    )
    learned = [name for name, _ in module_of(start).named_parameters()]
    assert len(learned) > 10
    for name in learned:
        assert np.array_equal(bundle.weights[f"encoder.{name}"], start.weights[name]), name
    assert "init" not in bundle.settings["model"]
    encoder = bundle.settings["model"]["encoder"]
    assert {**encoder, "init": ""} == finished.config.model


def test_notes_of_files_and_further_renderings(experiment):
    """Pieces are not played, one rendering of each is heard; a report counts pieces, not renderings."""
    workspace = experiment(
        *("file", "features=notes", "model=note_statistics", "decision=discriminant"),
        *("renderings=heard", "renderings.seconds=4", "midi.tempo=original"),
    )
    audio, features = (
        read_table(table).piece_id for table in (workspace.audio_table, workspace.features_table)
    )
    pieces = set(read_table(workspace.pieces).piece_id)
    is_midi = read_table(workspace.pieces).set_index("piece_id").media == "midi"
    heard = {f"{name}~1" if is_midi[name] else name for name in pieces}
    assert pieces.isdisjoint(audio) == bool(is_midi.all())
    assert heard <= set(audio)
    assert set(features) == pieces | heard
    assert set(read_table(workspace.verdicts).piece_id) == pieces
    assert json.loads((workspace.metrics / "train.json").read_text())["pieces"] < len(pieces)
