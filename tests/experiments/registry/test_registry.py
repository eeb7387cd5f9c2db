"""Versions in a registry of our own: what is kept of each, and who bears the alias."""

import json
import os
from types import SimpleNamespace

import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from earmark.bundle import bundle_hash
from earmark.experiments.registry import registry
from earmark.experiments.registry.evaluation import Evaluation
from earmark.experiments.registry.registry import challenge, publish_bundle
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
    """Publish a run's folder; the input example, which is played, is tested elsewhere."""
    played = registry.described

    def silent(bundle, artifacts):
        return {**played(bundle, artifacts), "input_example": None}

    monkeypatch.setattr(registry, "described", silent)
    return lambda root, name, alias="champion", force=False: publish_bundle(
        root / "models", name, alias, force, workspace
    )


def evaluation(score, test="t", pieces=4):
    return Evaluation(score, pd.DataFrame({"piece_id": range(pieces)}), test)


def version(score="0.750000", test="t"):
    tags = (
        {} if score is None else {registry.SCORE_TAG: score, registry.TEST_TAG: test, registry.COUNT_TAG: "9"}
    )
    return SimpleNamespace(version="7", tags=tags)


@pytest.mark.parametrize(
    ("own", "champion", "force", "takes", "said"),
    [
        (
            evaluation(0.1),
            None,
            False,
            True,
            "the first to bear it (balanced accuracy 0.100000, 4 test pieces)",
        ),
        (None, None, True, True, "the first to bear it (not judged)"),
        (
            evaluation(0.8),
            version(),
            False,
            True,
            "balanced accuracy 0.800000 beats 0.750000 of version 7 on",
        ),
        (evaluation(0.75), version(), False, False, "0.750000 does not beat 0.750000 of version 7"),
        (evaluation(0.7), version(), True, False, "0.700000 does not beat 0.750000 of version 7"),
        (evaluation(0.9, "u"), version(), False, False, "test pieces differ (4 here, 9 of version 7): no"),
        (evaluation(0.1, "u"), version(), True, True, "test pieces differ (4 here, 9 of version 7): forced"),
        (evaluation(0.9), version(None), False, False, "version 7 was not judged: no comparison"),
        (None, version(), True, True, "this bundle was not judged: forced"),
    ],
)
def test_the_alias_goes_to_what_beats_its_bearer_on_the_same_pieces(own, champion, force, takes, said):
    taken, reason = challenge(own, champion, force)
    assert taken is takes
    assert said in reason
    assert "\n" not in reason


def test_versions_are_kept_with_their_run_and_verdicts_and_the_best_is_champion(
    publish, judged, client, workspace, bundle, tmp_path
):
    first, worse = judged("first", right=3), judged("worse", right=2)
    tracker = Tracker(workspace, "songs")
    with tracker.run("trained", {BUNDLE_TAG: bundle_hash(first / "models")}) as trained:
        pass
    ended = client.get_run(trained).info
    one = publish(first, "trees")
    assert (one.version, one.run_id, one.aliased) == ("1", trained, True)
    kept = client.get_model_version("trees", "1")
    assert kept.run_id == trained
    assert kept.tags[BUNDLE_TAG] == bundle_hash(first / "models")
    assert (kept.tags[registry.SCORE_TAG], kept.tags[registry.COUNT_TAG]) == ("0.750000", "4")
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

    three = publish(judged("better", right=4), "trees")
    assert "1.000000 beats 0.750000 of version 1" in three.reason
    assert str(client.get_model_version_by_alias("trees", "champion").version) == "3"

    other = judged("other", right=4, tests="0124")
    assert not publish(other, "trees").aliased
    assert publish(other, "trees", alias="candidate").aliased
    assert publish(other, "trees", force=True).aliased
    assert str(client.get_model_version_by_alias("trees", "champion").version) == "6"


def test_a_bundle_of_which_no_run_is_known_gets_one(publish, judged, client, voting):
    root = judged("voted", changed=voting)
    done = publish(root, "votes")
    assert client.get_run(done.run_id).data.tags[BUNDLE_TAG] == bundle_hash(root / "models")
    assert client.get_model_version("votes", "1").tags["earmark.decision"] == "vote"
    assert publish(root, "votes").run_id == done.run_id


def test_what_is_not_judged_is_refused_or_forced(publish, bundle, tmp_path, client):
    bundle.save(tmp_path / "bare" / "models")
    with pytest.raises(EarmarkError, match=r"is not judged: .* or --force"):
        publish(tmp_path / "bare", "bare")
    assert publish(tmp_path / "bare", "bare", force=True).aliased
    assert registry.SCORE_TAG not in client.get_model_version("bare", "1").tags


@pytest.mark.parametrize("break_it", ["retrained", "rejudged", "labels"])
def test_the_evaluation_of_another_bundle_is_found_out(judged, voting, break_it, publish):
    root = judged()
    if break_it == "retrained":
        voting.save(root / "models")
    elif break_it == "rejudged":
        file = root / "metrics" / "evaluate.json"
        file.write_text(file.read_text().replace("1.0", "0.9"))
    else:
        file = root / "data" / "verdicts.csv"
        file.write_text(file.read_text().replace("Birch", "Box"))
    with pytest.raises(EarmarkError, match="holds the evaluation of another bundle"):
        publish(root, "trees")


def test_an_evaluation_without_figures_is_one_line(judged, publish):
    root = judged()
    (root / "metrics" / "evaluate.json").write_text(json.dumps({"closed_set": {}}))
    with pytest.raises(EarmarkError, match=r"evaluate\.json has no closed_set\.balanced_accuracy"):
        publish(root, "trees")


def test_the_same_test_pieces_are_known_by_their_bytes(judged, bundle):
    one, same, other = (
        judged(name, tests=tests) for name, tests in (("a", "0123"), ("b", "2103"), ("c", "0124"))
    )
    digests = [Evaluation.beside(root / "models", bundle).test_pieces for root in (one, same, other)]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("alias", ["latest", "v1", "V12", "a b", "", "a/b"])
def test_an_alias_that_mlflow_does_not_take_is_said_before_anything_is_done(judged, publish, alias):
    with pytest.raises(EarmarkError, match="is not possible"):
        publish(judged(), "trees", alias=alias)


def test_a_name_that_mlflow_does_not_take_is_one_line(judged, publish, monkeypatch):
    monkeypatch.delenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", raising=False)
    with pytest.raises(EarmarkError, match=r"MLflow at sqlite:.* refuses: .*Invalid model name") as caught:
        publish(judged(), "a/b")
    assert "\n" not in str(caught.value)
    assert "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR" not in os.environ
