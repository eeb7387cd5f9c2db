"""The bundle of an MLflow URI."""

import pytest

from earmark.experiments.registry.download import download_bundle
from earmark.foundation.errors import EarmarkError


def test_what_mlflow_does_not_have_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    with pytest.raises(EarmarkError, match=r"runs:/nothing/bundle cannot be had from MLflow") as caught:
        download_bundle("runs:/nothing/bundle", tmp_path / "scratch")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("folder", ["logged", "logged/bundle"])
def test_the_folder_with_the_bundle_is_given_wherever_it_lies(tmp_path, folder):
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "bundle.yaml").write_text("format: earmark-bundle\n")
    (tmp_path / "scratch").mkdir()
    downloaded = download_bundle((tmp_path / "logged").as_uri(), tmp_path / "scratch")
    assert downloaded.is_relative_to(tmp_path / "scratch") or downloaded == tmp_path / folder
    assert (downloaded / "bundle.yaml").is_file()


def test_what_holds_no_bundle_is_one_line(tmp_path):
    (tmp_path / "logged").mkdir()
    (tmp_path / "logged" / "model.pkl").touch()
    (tmp_path / "scratch").mkdir()
    with pytest.raises(EarmarkError, match="holds no bundle: is it a run or a model that earmark logged"):
        download_bundle((tmp_path / "logged").as_uri(), tmp_path / "scratch")
