"""Which bundle is meant."""

import os

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.identify.locate import find_bundle


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    (tmp_path / "conf").mkdir()
    (tmp_path / "dvc.yaml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(folder, age_s):
    folder.mkdir(parents=True)
    (folder / "bundle.yaml").touch()
    os.utime(folder / "bundle.yaml", (1e9 - age_s, 1e9 - age_s))
    return folder


def test_the_last_one_trained_is_meant_whoever_trained_it(checkout):
    put(checkout / "models", age_s=100)
    newest = put(checkout / "runs" / "today" / "3" / "models", age_s=1)
    put(checkout / "runs" / "yesterday" / "models", age_s=50)
    assert find_bundle("") == newest


def test_a_folder_is_named_or_the_run_that_holds_it(checkout):
    models = put(checkout / "runs" / "one" / "models", age_s=0)
    assert find_bundle(str(models)) == models
    assert find_bundle(str(models.parent)) == models


def test_what_is_missing_is_said(checkout, tmp_path_factory, monkeypatch):
    with pytest.raises(EarmarkError, match="no model has been trained"):
        find_bundle("")
    with pytest.raises(EarmarkError, match="is not a bundle"):
        find_bundle("conf")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(EarmarkError, match="which model"):
        find_bundle("")


@pytest.mark.parametrize("uri", ["models:/composer@champion", "runs:/1234/bundle", "mlflow-artifacts:/x"])
def test_a_uri_of_mlflow_is_downloaded_by_whoever_can(checkout, uri):
    asked = []

    def download(name):
        asked.append(name)
        return checkout / "downloaded"

    assert find_bundle(uri, download) == checkout / "downloaded"
    assert asked == [uri]
    with pytest.raises(EarmarkError, match=f"{uri} is to be had from MLflow alone: give the folder"):
        find_bundle(uri)


def test_bundles_that_come_with_the_package_are_known_by_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("composer", "genre", "key"):
        assert find_bundle(name).name == name
    put(tmp_path / "key", age_s=0)
    assert find_bundle("key").resolve() == tmp_path / "key"  # a folder of that name is meant
