"""A bundle at work."""

import json

import numpy as np
import pytest

from earmark.foundation.errors import EarmarkError
from earmark.identify.identifier import Identifier
from earmark.identify.inputs import Target
from earmark.identify.verdict import FIELDS


def targets(*files):
    return [Target(str(file), file) for file in files]


def test_the_verdict_is_the_decisions_on_the_clips(identifier, melody, bundle):
    (target,) = targets(melody)
    verdict = identifier.identify(target)
    clips, starts_s = identifier.embed(identifier.recipe.hear(melody))
    prediction = bundle.decision.predict(clips)
    assert (verdict.label, verdict.distance, verdict.confidence) == (
        *(prediction.label, pytest.approx(prediction.distance), pytest.approx(prediction.confidence)),
    )
    assert list(verdict.probabilities) == identifier.labels == ["Ash", "Birch"]
    assert sum(verdict.probabilities.values()) == pytest.approx(1)
    assert verdict.probabilities[verdict.nearest_label] == pytest.approx(verdict.confidence)
    assert verdict.distances.min() == pytest.approx(verdict.distance)
    assert verdict.clip_probabilities.shape == (len(clips), 2)
    assert list(verdict.clip_starts_s) == list(starts_s)


def test_the_nearest_pieces_are_those_of_the_nearest_excerpts(identifier, melody, bundle):
    verdict = identifier.identify(melody)
    clips, starts_s = identifier.embed(identifier.recipe.hear(melody))
    table = np.linalg.norm(clips[:, None] - bundle.embeddings[None], axis=2)
    pieces = bundle.references["piece_id"]
    best = {piece: table[:, pieces == piece].min() for piece in set(pieces)}
    assert [other.piece_id for other in verdict.neighbours] == sorted(best, key=best.get)[:3]
    for other in verdict.neighbours:
        clip, row = np.unravel_index(np.where(pieces == other.piece_id, table, np.inf).argmin(), table.shape)
        assert other.distance == pytest.approx(best[other.piece_id], abs=1e-4)
        assert other.start_s == pytest.approx(starts_s[clip], abs=1e-3)
        assert other.reference_start_s == bundle.references["start_s"][row]


def test_the_same_sound_has_the_same_verdict_from_any_container(identifier, write_recording, tune):
    verdicts = [
        identifier.identify(target)
        for target in targets(write_recording("a.wav", tune), write_recording("a.flac", tune))
    ]
    assert verdicts[0].distance == pytest.approx(verdicts[1].distance, rel=1e-3)
    ogg = identifier.identify(targets(write_recording("a.ogg", tune))[0])
    assert ogg.distance == pytest.approx(verdicts[0].distance, rel=0.1)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_bad_file_has_its_error_and_the_others_go_on(
    identifier, melody, write_recording, tune, tmp_path, workers
):
    files = targets(melody, tmp_path / "lost.mid", write_recording("tune.wav", tune))
    verdicts = list(identifier.identify_all(files, workers))
    assert [bool(item.error) for item in verdicts] == [False, True, False]
    assert verdicts[1].as_dict() == {
        **dict.fromkeys(FIELDS),
        **{"path": str(tmp_path / "lost.mid"), "probabilities": {}, "nearest": []},
        "error": "there is no such file",
    }
    assert verdicts[0].distance == identifier.identify(files[0]).distance


@pytest.mark.parametrize(
    "method", ["earmark.music.recipe.Recipe.listen", "earmark.identify.identifier.Identifier.embed"]
)
def test_an_unforeseen_fault_is_that_files_error(identifier, melody, monkeypatch, method):
    def fail(self, argument):
        raise RuntimeError("a bug")

    monkeypatch.setattr(method, fail)
    (verdict,) = identifier.identify_all(targets(melody), 1)
    assert (verdict.path, verdict.error) == (str(melody), "RuntimeError: a bug")


def test_the_command_needs_no_more_than_listening_does(bundle_folder, write_recording, tune, python):
    """Not installed, as far as the process can see: they are not found, and to ask for one is an error."""
    code = """
import sys
class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1].split():
            raise ModuleNotFoundError(f"{name} is not installed")
needless, sys.meta_path[:0] = sys.argv[1], [NotInstalled()]
from earmark.apps.cli import main
sys.argv[1:] = sys.argv[2:]
main()
"""
    needless = (
        "torch torchaudio pytorch_lightning lightning lightning_fabric dvc hydra omegaconf mlflow music21 "
        "pandas sklearn matplotlib scipy pretty_midi mido distributed optuna torchmetrics onnx filelock "
        "pytorch_metric_learning mutagen"
    )
    sound = write_recording("tune.wav", tune)
    command = ("identify", sound, "--model", bundle_folder, "--json")
    out, err = python(code, needless, *command).communicate(timeout=120)
    assert err == ""
    (verdicts,) = json.loads(out)
    assert verdicts["verdict"] in ("Ash", "Birch")
    assert len(verdicts["nearest"]) == 3


def test_a_bundle_moves_and_still_identifies(bundle_folder, melody, tmp_path):
    import shutil

    shutil.copytree(bundle_folder, tmp_path / "elsewhere")
    one, other = (Identifier.load(folder) for folder in (bundle_folder, tmp_path / "elsewhere"))
    (target,) = targets(melody)
    assert one.identify(target).as_dict() == other.identify(target).as_dict()


def test_a_bundle_of_the_package_is_loaded_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Identifier.load("composer").labels == ["Bach", "Monteverdi", "Palestrina"]
    (tmp_path / "composer").mkdir()  # a folder of the user's comes first
    with pytest.raises(EarmarkError, match="composer"):
        Identifier.load("composer")
