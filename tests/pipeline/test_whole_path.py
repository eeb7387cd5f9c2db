"""From a CSV to a judged bundle: what a run writes, and that it can be repeated."""

import json

import numpy as np
import pytest
from mlflow.tracking import MlflowClient

from earmark.bundle import Bundle, bundle_hash
from earmark.foundation.workspace import Workspace
from earmark.identify.encoding import module_of
from earmark.music.catalog import read_table
from earmark.pipeline import order as pipeline
from earmark.pipeline.tracking.provenance import data_hash


@pytest.fixture(scope="module")
def repeated(project, small, finished):
    """The same run into another root with another store."""
    workspace = Workspace.at(project, project / "runs" / "two")
    pipeline.run(small("store.path=store2"), workspace)
    return workspace.root


def test_the_documented_outputs_are_there(finished):
    made = {
        path.relative_to(finished.root).as_posix()
        for path in finished.root.rglob("*")
        if path.is_file() and path.suffix not in (".npy", ".mid") and "audio/" not in path.as_posix()
    }
    facts = {f"data/facts/{name}.json" for name in read_table(finished.workspace.pieces).piece_id}
    raw = {f"data/raw/{name}" for name in read_table(finished.workspace.catalog).raw if name.endswith(".wav")}
    assert made - facts - raw == {
        *("params.yaml", "data/catalog.csv", "data/audio.csv", "data/pieces.csv", "data/quarantine.csv"),
        *("data/failures/ingest.csv", "data/failures/render.csv", "data/features.csv", "data/splits.csv"),
        *("data/facts.jsonl", "data/embeddings.safetensors"),
        "data/verdicts.csv",
        *("models/bundle.yaml", "models/encoder.safetensors", "models/encoder.onnx"),
        "models/decision.safetensors",
        *("models/references.safetensors", "models/references.csv"),
        *("metrics/train.json", "metrics/evaluate.json", "metrics/summary.json"),
        "plots/training/history.csv",
        *(f"plots/evaluation/confusion_{split}.csv" for split in ("train", "validation", "test")),
        *(f"plots/evaluation/confusion_{split}.png" for split in ("train", "validation", "test")),
        *(
            f"plots/evaluation/{name}.png"
            for name in ("curves", "embeddings", "open_set", "reliability", "risk_coverage", "spectrograms")
        ),
        "plots/evaluation/reliability.csv",
        "plots/evaluation/risk_coverage.csv",
    }


def test_a_run_touches_nothing_of_the_checkout_but_store_and_mlflow(finished, project):
    stores_of_others = {path.name for path in project.iterdir() if "store" in path.name} - {"store1"}
    assert {path.name for path in project.iterdir()} - stores_of_others == {
        *("conf", "data", "dvc.yaml", "overrides.yaml", "runs", "store1"),
        *("mlflow.db", "mlartifacts", ".training", ".mlflow.lock"),
    }
    assert [path.name for path in (project / "data").iterdir()] == ["source"]


def test_each_piece_goes_one_way(finished):
    """Every row of the source is learned from, judged, or in quarantine with its reason."""
    workspace = finished.workspace
    source = read_table(workspace.source / "catalog.csv")
    sound, refused = read_table(workspace.pieces), read_table(workspace.quarantine)
    assert sorted([*sound.path, *refused.path]) == sorted(source.path)
    assert set(read_table(workspace.verdicts).piece_id) == set(sound.piece_id)
    assert set(read_table(workspace.splits).piece_id) == set(sound.piece_id)
    assert {path.stem for path in workspace.features.iterdir()} == set(sound.piece_id)
    assert set(Bundle.load(workspace.models).references["piece_id"]) <= set(sound.piece_id)


def test_the_same_seed_gives_the_same_results_without_the_store(finished, repeated):
    for name in (
        *("params.yaml", "data/catalog.csv", "data/audio.csv", "data/quarantine.csv", "data/splits.csv"),
        *("metrics/train.json", "metrics/evaluate.json", "metrics/summary.json"),
        *("data/verdicts.csv", "plots/training/history.csv"),
    ):
        one, other = (root / name for root in (finished.root, repeated))
        if name == "params.yaml":  # it names the store, which is another
            assert one.read_text() != other.read_text()
            continue
        assert one.read_bytes() == other.read_bytes(), name
    for folder in ("raw", "audio", "features", "facts"):
        ones = sorted((finished.root / "data" / folder).iterdir())
        assert [path.name for path in ones] == sorted(
            path.name for path in (repeated / "data" / folder).iterdir()
        )
        for path in ones:
            assert path.read_bytes() == (repeated / "data" / folder / path.name).read_bytes(), path.name
    assert bundle_hash(finished.root / "models") == bundle_hash(repeated / "models")


def test_the_second_run_shared_nothing_with_the_first(finished, repeated):
    inodes = [
        {path.stat().st_ino for path in (root / "data" / "features").iterdir()}
        for root in (finished.root, repeated)
    ]
    assert not inodes[0] & inodes[1]


def test_a_rerun_takes_everything_from_the_store(project, finished):
    workspace = Workspace.at(project, project / "runs" / "three")
    for stage in pipeline.STAGES[: pipeline.STAGES.index("split") + 1]:
        pipeline.run_stage(stage, finished.config, workspace)
    for folder in ("raw", "audio", "features", "facts"):
        for path in (finished.root / "data" / folder).iterdir():
            assert path.samefile(workspace.data / folder / path.name)


def test_the_run_is_in_mlflow_whole(finished, project):
    client = MlflowClient(f"sqlite:///{project / 'mlflow.db'}")
    experiment = client.get_experiment_by_name(finished.config.tracking.experiment)
    found = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"])
    run = found[0]
    assert run.info.status == "FINISHED"
    assert run.data.tags["earmark.bundle"] == bundle_hash(finished.workspace.models)
    assert run.data.tags["earmark.data"] == data_hash(finished.workspace.pieces, finished.workspace.splits)
    assert run.data.tags["earmark.started_by"] == "shell"
    assert run.data.tags["earmark.monitored"] == "validation/retrieval"
    assert 0 < run.data.metrics["train.duration_s"] < 600
    assert run.data.tags["mlflow.source.git.commit"] == "none"
    assert run.data.params["trainer.max_epochs"] == "2"
    assert run.data.params["audio.sample_rate"] == "8000"

    def artifacts(folder=""):
        for item in client.list_artifacts(run.info.run_id, folder):
            yield from artifacts(item.path) if item.is_dir else [item.path]

    assert {
        *("config.yaml", "bundle/bundle.yaml", "bundle/encoder.safetensors", "plots/curves.png"),
        *("plots/confusion_test.png", "plots/confusion_train.png", "plots/confusion_validation.png"),
        *("evaluation/evaluate.json", "evaluation/verdicts.csv"),
    } <= set(artifacts())
    for curve in ("train/loss", "validation/retrieval"):
        assert len(client.get_metric_history(run.info.run_id, curve)) == 2
    measured = json.loads((finished.workspace.metrics / "evaluate.json").read_text())
    value = measured["closed_set"]["balanced_accuracy"]["value"]
    assert run.data.metrics["closed_set.balanced_accuracy.value"] == value


def test_the_bundle_judges_features_as_the_run_did(finished):
    from earmark.learning.dataset.arrays import FeatureArrays
    from earmark.learning.embed import embed_pieces
    from earmark.music.clip_geometry import ClipGeometry

    bundle = Bundle.load(finished.workspace.models)
    verdicts = read_table(finished.workspace.verdicts)
    arrays = FeatureArrays(finished.workspace.features, verdicts.piece_id)
    geometry = ClipGeometry.of(bundle.hearing.dataset, 8000 / 512)
    found = [
        bundle.decision.predict(clips) for clips in embed_pieces(module_of(bundle), arrays, geometry).clips
    ]
    assert [verdict.label for verdict in found] == list(verdicts.verdict)
    assert np.allclose([verdict.distance for verdict in found], verdicts.distance.astype(float), rtol=1e-4)
