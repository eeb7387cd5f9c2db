"""The line that says whether results are those of the commit."""

import json
import subprocess

import pytest

from earmark.pipeline.committed import comparison

METRICS = {"closed_set": {"accuracy": {"value": 0.5}}, "warnings": ["one"]}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "evaluate.json").write_text(json.dumps(METRICS))
    (tmp_path / "dvc.lock").write_text("one\n")
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        options = ["-c", "user.name=n", "-c", "user.email=e@x"]
        subprocess.run(["git", *options, *arguments], cwd=tmp_path, check=True)
    return tmp_path


def test_equal_results_are_said_to_be_equal(project):
    assert comparison(project) == "results equal the committed ones"
    (project / "metrics" / "evaluate.json").write_text(json.dumps(METRICS, indent=2))
    assert comparison(project) == "results equal the committed ones"


def test_a_lock_of_other_code_is_named_beside_equal_results(project):
    (project / "dvc.lock").write_text("two\n")
    assert comparison(project) == (
        "results equal the committed ones; not so dvc.lock: other code, settings or bytes led to them"
    )


def test_each_value_that_differs_is_named_up_to_three(project):
    changed = {"closed_set": {"accuracy": {"value": 0.25}}, "warnings": []}
    (project / "metrics" / "evaluate.json").write_text(json.dumps(changed))
    assert comparison(project) == (
        "results differ from the committed ones: metrics/evaluate.json: closed_set.accuracy.value was 0.5, "
        "is 0.25; metrics/evaluate.json: warnings changed"
    )
    (project / "metrics" / "evaluate.json").write_text(json.dumps({name: 1 for name in "abc"}))
    assert comparison(project).endswith(" and 2 more")


def test_without_a_commit_there_is_nothing_to_compare_with(tmp_path):
    assert comparison(tmp_path) == "results: none are committed to compare with"
