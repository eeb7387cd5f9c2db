"""Training leaves a bundle whose parts fit together, and its curves."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from earmark.bundle import Bundle
from earmark.decisions.embeddings import PieceEmbeddings
from earmark.foundation.workspace import Workspace
from earmark.identify.encoding import module_of
from earmark.music.catalog import read_table
from earmark.music.synthesis.soundfont import soundfont_digest, soundfont_path
from earmark.pipeline.train import run


def test_metrics_of_training(finished):
    found = json.loads((finished.workspace.metrics / "train.json").read_text())
    assert set(found) == {"monitored", "kept_epoch", "epochs", "score", "parameters", "pieces"}
    assert found["epochs"] == 2
    assert 1 <= found["kept_epoch"] <= 2
    assert 0 < found["score"] <= 1
    splits = read_table(finished.workspace.splits)
    assert found["pieces"] == len(splits[(splits.role == "known") & (splits.split == "train")])
    encoder = module_of(Bundle.load(finished.workspace.models))
    assert found["parameters"] == sum(weight.numel() for weight in encoder.parameters())


def test_the_curves_have_a_row_an_epoch(finished):
    history = read_table(finished.workspace.plots / "training" / "history.csv")
    assert list(history.epoch.astype(float)) == [0, 1]
    assert list(history.columns) == ["epoch", "train_loss", "validation_score"]
    best = json.loads((finished.workspace.metrics / "train.json").read_text())
    curve = history.validation_score.astype(float)
    assert curve.max() == best["score"]
    assert curve.idxmax() + 1 == best["kept_epoch"]


def test_the_bundle_knows_what_it_was_asked(finished):
    assert Bundle.load(finished.workspace.models).question == finished.config.data.question == "composer"


def test_the_bundle_knows_how_to_prepare_a_piece(finished):
    settings = Bundle.load(finished.workspace.models).settings
    sections = ("midi", "render", "audio", "features", "dataset")
    assert set(settings) == {*sections, "validate", "model"}
    digest = settings["render"].pop("soundfont_sha256")
    assert digest == soundfont_digest(soundfont_path(finished.config.render.soundfont, Path()))
    for name in sections:
        assert settings[name] == finished.config.as_dict()[name]
    assert settings["validate"] == {"min_rms_db": finished.config.validate.min_rms_db}
    assert settings["model"]["bands"] == 32
    assert settings["model"]["channels"] == 1


def test_references_are_the_training_pieces_clips(finished):
    bundle = Bundle.load(finished.workspace.models)
    splits = read_table(finished.workspace.splits)
    train = splits[(splits.role == "known") & (splits.split == "train")].set_index("piece_id").label
    references = pd.DataFrame(bundle.references)
    assert len(references) == len(bundle.embeddings)
    assert references.groupby("piece_id").label.first().to_dict() == train.to_dict()
    titles = read_table(finished.workspace.pieces).set_index("piece_id").title
    assert (references.title == references.piece_id.map(titles)).all()
    for _, rows in references.groupby("piece_id"):
        assert rows.start_s.iloc[0] == 0
        assert (np.diff(rows.start_s) > 0).all()
        # Clips of 4 s of pieces of 12 to 13 s
        assert 7.5 < rows.start_s.iloc[-1] < 9.1


def test_every_piece_is_embedded_once_and_the_references_are_those_of_the_training_pieces(finished):
    splits = read_table(finished.workspace.splits)
    embedded = PieceEmbeddings.load(finished.workspace.embeddings, len(splits))
    train = splits[(splits.role == "known") & (splits.split == "train")]
    references = np.concatenate(embedded.rows(train.index).clips)
    assert np.array_equal(references, Bundle.load(finished.workspace.models).embeddings)


def test_labels_are_the_known_ones_sorted(finished):
    assert Bundle.load(finished.workspace.models).labels == ["Ash", "Birch", "Cedar"]


@pytest.mark.slow
def test_two_processes_train_one_model(project, finished, small, tmp_path):
    workspace = Workspace.at(project, tmp_path)
    workspace.data.mkdir()
    for name in ("pieces.csv", "splits.csv", "features"):
        (workspace.data / name).symlink_to(finished.workspace.data / name)
    run(small("trainer=ddp", "trainer.max_epochs=1", "trainer.threads=1"), workspace)
    found = json.loads((workspace.metrics / "train.json").read_text())
    assert (found["epochs"], found["kept_epoch"]) == (1, 1)
    bundle = Bundle.load(workspace.models)
    assert np.isfinite(bundle.embeddings).all()
    untouched = Bundle.load(finished.workspace.models)
    assert set(bundle.weights) == set(untouched.weights)
    assert len(read_table(workspace.plots / "training" / "history.csv")) == 1
