"""Bundles in the package: what is copied, what the card says, and what is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest

from earmark.bundle import Bundle
from earmark.experiments import boxing
from earmark.foundation.errors import EarmarkError
from earmark.identify.locate import BOX, boxed

REPORT = {
    "closed_set": {"balanced_accuracy": {"value": 0.9, "low": 0.8, "high": 1.0}},
    "open_set": {"auroc": {"value": None, "low": None, "high": None}},
    "pieces": {"train": 30, "test": 10, "test_unknowns": 4},
    "warnings": ["the control reaches 0.950"],
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run's folder with the package's key bundle and an evaluation."""
    monkeypatch.setattr(boxing, "BOX", tmp_path / "box")
    Bundle.load(BOX / "key").save(tmp_path / "run" / "models")
    (tmp_path / "run" / "metrics").mkdir()
    (tmp_path / "run" / "metrics" / "evaluate.json").write_text(json.dumps(REPORT))
    return tmp_path / "run"


def test_a_bundle_is_copied_with_its_card(run):
    folder = boxing.box(run, "key")
    packed, trained = Bundle.load(folder), Bundle.load(run / "models")
    assert packed.labels == trained.labels
    np.testing.assert_allclose(packed.embeddings, trained.embeddings, rtol=1e-3, atol=1e-6)
    assert packed.embeddings.dtype == np.float32
    sizes = [(place / "references.safetensors").stat().st_size for place in (folder, run / "models")]
    assert sizes[0] < 0.6 * sizes[1]
    card = (folder / "card.md").read_text()
    assert "| balanced accuracy | 0.900 | 0.800 to 1.000 |" in card
    assert "AUROC" not in card  # it was not measured
    assert "- the control reaches 0.950." in card
    assert "- eager: about" in card


def test_at_most_four_clips_of_a_piece_are_kept(run):
    trained = Bundle.load(run / "models")
    nine = {name: np.repeat(column, 9) for name, column in trained.references.items()}
    nine["start_s"] = np.tile(np.arange(9.0), len(trained.embeddings))
    replace(trained, references=nine, embeddings=np.repeat(trained.embeddings, 9, axis=0)).save(
        run / "models"
    )
    packed = Bundle.load(boxing.box(run, "key"))
    assert packed.references["start_s"].tolist() == [0.0, 3.0, 6.0] * len(trained.embeddings)
    assert packed.references["piece_id"].tolist() == np.repeat(trained.references["piece_id"], 3).tolist()
    np.testing.assert_allclose(packed.embeddings[::3], trained.embeddings, rtol=1e-3, atol=1e-6)


def test_conditions_are_on_the_card_where_they_were_measured(run):
    (run / "conditions.md").write_text("| a room | 0.900 |\n")
    card = (boxing.box(run, "key") / "card.md").read_text()
    assert "The test pieces as recordings:\n\n| a room | 0.900 |\n" in card


def test_what_is_not_evaluated_or_too_large_is_refused(run, monkeypatch):
    monkeypatch.setattr(boxing, "LARGEST_BYTES", 1000)
    with pytest.raises(EarmarkError, match="at most 0 MB are packed"):
        boxing.box(run, "key")
    monkeypatch.undo()
    (run / "metrics" / "evaluate.json").unlink()
    with pytest.raises(EarmarkError, match="was not evaluated"):
        boxing.box(run, "key")


@pytest.mark.parametrize("name", ["composer", "genre", "key"])
def test_the_packages_bundles_are_small_and_answer(name):
    assert name in boxed()
    files = [file for file in (BOX / name).iterdir() if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 3_000_000
    bundle = Bundle.load(BOX / name)
    assert bundle.question == name
    nothing = np.zeros((1, bundle.embeddings.shape[1]), np.float32)
    assert bundle.decision.predict(nothing).nearest in bundle.labels
    assert (BOX / name / "card.md").read_text().startswith(f"# {name}\n")
