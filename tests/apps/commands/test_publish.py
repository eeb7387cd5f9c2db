"""The command: what it says, and where it publishes to."""

import pytest
from typer.testing import CliRunner

from earmark.apps.cli import app
from earmark.experiments.registry import publishing
from earmark.experiments.registry.publishing import Published


@pytest.fixture
def published(monkeypatch, tmp_path):
    """Calls of publish_bundle, which is another test's matter."""
    calls = []

    def publish_bundle(*arguments):
        calls.append(arguments)
        return Published("3", "r1", "sqlite:///here", "0123456789abcdef", True, "no version had it before")

    monkeypatch.setattr(publishing, "publish_bundle", publish_bundle)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "run" / "models").mkdir(parents=True)
    (tmp_path / "run" / "models" / "bundle.yaml").touch()
    return calls


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    (tmp_path / "conf").mkdir()
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, ["publish", *map(str, arguments)])


@pytest.mark.parametrize("named", [[], ["run"], ["run/models"]])
def test_the_last_one_trained_or_the_one_that_is_named(published, checkout, monkeypatch, named):
    (checkout / "runs" / "day").mkdir(parents=True)
    (checkout / "run").rename(checkout / "runs" / "day" / "run")
    monkeypatch.chdir(checkout / "runs" / "day")
    done = run(*named, "--name", "trees")
    assert done.exit_code == 0
    ((folder, name, alias, force, workspace),) = published
    assert folder.resolve() == checkout / "runs" / "day" / "run" / "models"
    assert (name, alias, force, workspace.project) == ("trees", "champion", False, checkout)
    assert "trees version 3: bundle 0123456789ab of " in done.stdout
    assert "run r1 in sqlite:///here" in done.stdout
    assert "champion: this version, no version had it before" in done.stdout


def test_outside_of_a_checkout_a_server_must_be_named(published, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("run", "--name", "trees")
    assert "set MLFLOW_TRACKING_URI" in done.stderr
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert run("run", "--name", "trees", "--alias", "best", "--force").exit_code == 0
    assert published[0][1:4] == ("trees", "best", True)


def test_what_is_in_mlflow_already_and_what_is_no_bundle(published, checkout):
    assert "is in MLflow already" in run("models:/a@b", "--name", "a").stderr
    assert "is not a bundle" in run("conf", "--name", "a").stderr
    assert run("run").exit_code == 2  # without a name
