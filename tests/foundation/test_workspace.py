"""Where things lie."""

import dataclasses

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace

INPUTS = {"conf", "overrides", "source", "corpora", "project"}
OUTPUTS = {
    *("root", "params", "run_file", "data", "catalog", "raw", "audio", "audio_table", "facts", "facts_table"),
    *("pieces", "quarantine", "features", "features_table", "embeddings", "splits", "verdicts"),
    *("models", "metrics", "plots"),
}


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "here" / "conf").mkdir(parents=True)
    (tmp_path / "here" / "dvc.yaml").write_text("stages: {}\n")
    return tmp_path / "here"


def test_the_checkout_is_found_from_any_folder_inside(checkout):
    inside = checkout / "data" / "raw"
    inside.mkdir(parents=True)
    assert Workspace.find(inside) == Workspace.find(checkout) == Workspace.at(checkout)


def test_the_working_directory_is_where_the_search_starts(checkout, monkeypatch):
    monkeypatch.chdir(checkout / "conf")
    assert Workspace.find().project == checkout


@pytest.mark.parametrize("missing", ["conf", "dvc.yaml"])
def test_half_a_checkout_is_none_and_the_error_says_where_to_go(checkout, missing):
    path = checkout / missing
    path.rmdir() if path.is_dir() else path.unlink()
    with pytest.raises(EarmarkError, match=r"here is not inside an earmark project.*dvc\.yaml"):
        Workspace.find(checkout)


def test_a_relative_path_through_a_link_is_the_folder_itself(checkout, monkeypatch):
    (checkout.parent / "link").symlink_to(checkout)
    monkeypatch.chdir(checkout.parent)
    assert Workspace.at("link").project == checkout


def test_a_run_elsewhere_reads_from_the_checkout_and_writes_to_its_own_folder(checkout):
    run = checkout / "runs" / "1"
    workspace = Workspace.at(checkout, run)
    assert not workspace.is_checkout
    properties = {name for name, value in vars(Workspace).items() if isinstance(value, property)}
    fields = {field.name for field in dataclasses.fields(Workspace)}
    assert properties | fields == INPUTS | OUTPUTS | {"is_checkout", "checkpoints"}
    assert not any(getattr(workspace, name).is_relative_to(run) for name in INPUTS)
    assert all(getattr(workspace, name).is_relative_to(run) for name in OUTPUTS)


def test_paths_of_one_run_are_all_different(checkout):
    workspace = Workspace.at(checkout)
    assert workspace.is_checkout
    names = (INPUTS | OUTPUTS) - {"root"}  # here the same as project
    assert len({getattr(workspace, name) for name in names}) == len(names)
