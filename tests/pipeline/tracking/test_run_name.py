"""What a run is called, and what its tags say."""

import json

import pytest

from earmark import __version__
from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.run_name import OVERRIDES_TAG, run_name, tags


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "runs" / "1").mkdir(parents=True)
    return Workspace.at(tmp_path, tmp_path / "runs" / "1")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (None, "default"),
        ("\n", "default"),
        ("trainer.seed=1\n", "trainer.seed=1"),
        ("model=a\ntrainer.seed=1\n", "model=a, trainer.seed=1"),
    ],
)
def test_a_shell_run_is_called_after_its_overrides(workspace, text, name):
    if text is not None:
        (workspace.root / "overrides.txt").write_text(text)
    assert run_name(workspace) == name


def test_dvcs_run_is_called_after_overrides_yaml(tmp_path):
    workspace = Workspace.at(tmp_path)
    assert run_name(workspace) == "default"
    workspace.overrides.write_text("overrides: [experiment=composer, trainer.seed=2]\n")
    assert run_name(workspace) == "experiment=composer, trainer.seed=2"


def test_all_overrides_are_in_a_tag_not_only_a_runs_own(workspace):
    (workspace.root / "overrides.txt").write_text('data.labels=[a,"b"]\n')
    overrides = ["experiment=genre", 'data.labels=[a,"b"]']
    assert json.loads(tags(workspace, "train", overrides)[OVERRIDES_TAG]) == overrides


def test_dvcs_overrides_are_those_of_overrides_yaml(tmp_path):
    workspace = Workspace.at(tmp_path)
    assert tags(workspace, "train")[OVERRIDES_TAG] == "[]"
    workspace.overrides.write_text("overrides: [experiment=composer, trainer.seed=2]\n")
    assert json.loads(tags(workspace, "train")[OVERRIDES_TAG]) == ["experiment=composer", "trainer.seed=2"]


def test_tags_say_who_started_it_and_with_what(workspace, tmp_path):
    shell, dvc = tags(workspace, "train"), tags(Workspace.at(tmp_path), "evaluate")
    assert (shell["earmark.started_by"], shell["earmark.stage"]) == ("shell", "train")
    assert (dvc["earmark.started_by"], dvc["earmark.stage"]) == ("dvc repro", "evaluate")
    assert (shell["earmark.overrides"], dvc["earmark.overrides"]) == ("[]", "[]")
    (tmp_path / "overrides.yaml").write_text("overrides: [experiment=genre]\n")
    assert tags(Workspace.at(tmp_path), "train")["earmark.overrides"] == '["experiment=genre"]'
    assert tags(workspace, "train", ["a=1", "b=[x]"])["earmark.overrides"] == '["a=1", "b=[x]"]'
    assert shell["earmark.earmark"] == __version__
    assert {"mlflow.source.git.commit", "earmark.git_dirty", "earmark.python"} <= set(shell)
    assert all(isinstance(value, str) for value in shell.values())
