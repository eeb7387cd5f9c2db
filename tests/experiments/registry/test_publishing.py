"""Versions in a registry: what is kept of each, and which has the alias."""

import json
import os

import pandas as pd
import pytest
from mlflow.entities.model_registry import ModelVersion, ModelVersionTag
from mlflow.tracking import MlflowClient

from earmark.bundle import bundle_hash
from earmark.experiments.registry import publishing
from earmark.experiments.registry.publishing import decide_alias, publish_bundle
from earmark.experiments.registry.stated_evaluation import StatedEvaluation
from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.tracker import BUNDLE_TAG, Tracker

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's


@pytest.fixture(autouse=True)
def no_server(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return Workspace.at(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def client(workspace):
    return MlflowClient(f"sqlite:///{workspace.project / 'mlflow.db'}")


@pytest.fixture
def publish(workspace, monkeypatch):
    """Publish a run's folder; the input example, which is rendered, is tested elsewhere."""
    original = publishing.model_arguments

    def silent(bundle, artifacts):
        return {**original(bundle, artifacts), "input_example": None}

    monkeypatch.setattr(publishing, "model_arguments", silent)
    return lambda root, name, alias="champion", force=False: publish_bundle(
        root / "models", name, alias, force, workspace
    )


def evaluated(score, test="t", pieces=4):
    return StatedEvaluation(score, 0.05, pd.DataFrame({"piece_id": range(pieces)}), test)


def version(score="0.750000", test="t"):
    tags = (
        {}
        if score is None
        else {publishing.SCORE_TAG: score, publishing.TEST_TAG: test, publishing.COUNT_TAG: "9"}
    )
    return ModelVersion("trees", "7", 0, tags=[ModelVersionTag(key, value) for key, value in tags.items()])


@pytest.mark.parametrize(
    ("evaluation", "holder", "force", "takes", "message"),
    [
        (
            evaluated(0.1),
            None,
            False,
            True,
            "no version had it before (balanced accuracy 0.100000, 4 test pieces)",
        ),
        (None, None, True, True, "no version had it before (not evaluated)"),
        (
            evaluated(0.8),
            version(),
            False,
            True,
            "balanced accuracy 0.800000 beats 0.750000 of version 7 on",
        ),
        (evaluated(0.75), version(), False, False, "0.750000 does not beat 0.750000 of version 7"),
        (evaluated(0.7), version(), True, False, "0.700000 does not beat 0.750000 of version 7"),
        (evaluated(0.9, "u"), version(), False, False, "test pieces differ (4 here, 9 of version 7): no"),
        (evaluated(0.1, "u"), version(), True, True, "test pieces differ (4 here, 9 of version 7): forced"),
        (evaluated(0.9), version(None), False, False, "version 7 was not evaluated: no comparison"),
        (None, version(), True, True, "this bundle was not evaluated: forced"),
    ],
)
def test_the_alias_goes_to_what_beats_its_holder_on_the_same_pieces(
    evaluation, holder, force, takes, message
):
    taken, reason = decide_alias(evaluation, holder, force)
    assert taken is takes
    assert message in reason
    assert "\n" not in reason


def test_versions_are_kept_with_their_run_and_verdicts_and_the_best_is_champion(
    publish, evaluated_run, client, workspace, bundle, tmp_path
):
    first, worse = evaluated_run("first", right=3), evaluated_run("worse", right=2)
    tracker = Tracker(workspace, "songs")
    with tracker.run("trained", {BUNDLE_TAG: bundle_hash(first / "models")}) as trained:
        pass
    ended = client.get_run(trained).info
    one = publish(first, "trees")
    assert (one.version, one.run_id, one.aliased) == ("1", trained, True)
    kept = client.get_model_version("trees", "1")
    assert kept.run_id == trained
    assert kept.tags[BUNDLE_TAG] == bundle_hash(first / "models")
    assert (kept.tags[publishing.SCORE_TAG], kept.tags[publishing.COUNT_TAG]) == ("0.750000", "4")
    after = client.get_run(trained).info
    assert (after.status, after.end_time) == (ended.status, ended.end_time)
    import mlflow

    place = mlflow.artifacts.download_artifacts("models:/trees@champion", dst_path=str(tmp_path / "got"))
    (verdicts,) = (tmp_path / "got").rglob("verdicts.csv")
    assert str(verdicts).startswith(place.rstrip("/"))
    assert list(pd.read_csv(verdicts).piece_id) == ["test-0", "test-1", "test-2", "test-3"]

    two = publish(worse, "trees")
    assert (two.version, two.aliased) == ("2", False)
    assert "0.500000 does not beat 0.750000 of version 1" in two.reason
    assert str(client.get_model_version_by_alias("trees", "champion").version) == "1"

    three = publish(evaluated_run("better", right=4), "trees")
    assert "1.000000 beats 0.750000 of version 1" in three.reason
    assert str(client.get_model_version_by_alias("trees", "champion").version) == "3"

    other = evaluated_run("other", right=4, tests="0124")
    assert not publish(other, "trees").aliased
    assert publish(other, "trees", alias="candidate").aliased
    assert publish(other, "trees", force=True).aliased
    assert str(client.get_model_version_by_alias("trees", "champion").version) == "6"


def test_a_bundle_of_which_no_run_is_known_gets_one(publish, evaluated_run, client, voting):
    root = evaluated_run("voted", changed=voting)
    done = publish(root, "votes")
    assert client.get_run(done.run_id).data.tags[BUNDLE_TAG] == bundle_hash(root / "models")
    assert client.get_model_version("votes", "1").tags["earmark.decision"] == "vote"
    assert publish(root, "votes").run_id == done.run_id


def test_what_is_not_evaluated_is_refused_or_forced(publish, bundle, tmp_path, client):
    bundle.save(tmp_path / "bare" / "models")
    with pytest.raises(EarmarkError, match=r"is not evaluated: .* or --force"):
        publish(tmp_path / "bare", "bare")
    assert publish(tmp_path / "bare", "bare", force=True).aliased
    assert publishing.SCORE_TAG not in client.get_model_version("bare", "1").tags


def test_what_is_not_better_than_its_control_is_refused_or_forced(evaluated_run, publish):
    root = evaluated_run(right=2)
    figures = json.loads((root / "metrics" / "evaluate.json").read_text())
    figures["control"]["heard_balanced_accuracy"]["value"] = 0.5
    (root / "metrics" / "evaluate.json").write_text(json.dumps(figures))
    with pytest.raises(EarmarkError, match=r"0\.500\) is not better than its control \(0\.500\)"):
        publish(root, "weak")
    assert publish(root, "weak", force=True).aliased


@pytest.mark.parametrize("break_it", ["retrained", "reevaluated", "labels"])
def test_the_evaluation_of_another_bundle_is_refused(evaluated_run, voting, break_it, publish):
    root = evaluated_run()
    if break_it == "retrained":
        voting.save(root / "models")
    elif break_it == "reevaluated":
        file = root / "metrics" / "evaluate.json"
        file.write_text(file.read_text().replace("1.0", "0.9"))
    else:
        file = root / "data" / "verdicts.csv"
        file.write_text(file.read_text().replace("Birch", "Box"))
    with pytest.raises(EarmarkError, match="holds the evaluation of another bundle"):
        publish(root, "trees")


def test_an_evaluation_without_figures_is_one_line(evaluated_run, publish):
    root = evaluated_run()
    (root / "metrics" / "evaluate.json").write_text(json.dumps({"closed_set": {}}))
    with pytest.raises(EarmarkError, match=r"evaluate\.json has no closed_set\.balanced_accuracy"):
        publish(root, "trees")


def test_the_same_test_pieces_are_known_by_their_bytes(evaluated_run, bundle):
    one, same, other = (
        evaluated_run(name, tests=tests) for name, tests in (("a", "0123"), ("b", "2103"), ("c", "0124"))
    )
    digests = [StatedEvaluation.beside(root / "models", bundle).test_pieces for root in (one, same, other)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("alias", ["latest", "v1", "V12", "a b", "", "a/b"])
def test_an_alias_that_mlflow_does_not_take_is_refused_before_anything_is_done(evaluated_run, publish, alias):
    with pytest.raises(EarmarkError, match="is not possible"):
        publish(evaluated_run(), "trees", alias=alias)


def test_a_name_that_mlflow_does_not_take_is_one_line(evaluated_run, publish, monkeypatch):
    monkeypatch.delenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", raising=False)
    with pytest.raises(EarmarkError, match=r"MLflow at sqlite:.* refuses: .*Invalid model name") as caught:
        publish(evaluated_run(), "a/b")
    assert "\n" not in str(caught.value)
    assert "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR" not in os.environ
