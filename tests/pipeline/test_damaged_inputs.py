"""Stages train and evaluate with damaged inputs: one line that names the file, nothing computed."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import read_table
from earmark.pipeline import order

TESTS = Path(__file__).parents[1]


def zoo():
    spec = importlib.util.spec_from_file_location("zoo_of_inputs", TESTS / "zoo.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


ZOO = zoo()
SPLITS = ("piece_id", "label", "role", "split", "group")


@pytest.fixture
def run(finished, project, tmp_path):
    """A copy of the finished run; its files are the same until one of them is replaced."""
    shutil.copytree(finished.root, tmp_path / "run", copy_function=os.link, symlinks=True)
    return Workspace.at(project, tmp_path / "run")


def spoil(file, way):
    """Spoil a file that may have other names."""
    copy = file.with_suffix(".copy")
    shutil.copyfile(file, copy)
    copy.replace(file)
    way(file)


def one_line(capfd, stage, config, workspace, file):
    """Run a stage, which fails with one line that names a file, before it has said or written anything."""
    written = {workspace.metrics / f"{stage}.json", workspace.models / "bundle.yaml", workspace.verdicts}
    before = {path: path.stat() for path in written}
    with pytest.raises(EarmarkError, match="run ") as caught:
        order.run_stage(stage, config, workspace)
    assert file.name in str(caught.value)
    assert capfd.readouterr() == ("", "")
    assert {path: path.stat() for path in written} == before


@pytest.mark.parametrize("stage", ["train", "evaluate"])
@pytest.mark.parametrize("way", ZOO.damaged_features())
def test_damaged_features(run, small, capfd, stage, way):
    pieces = read_table(run.splits)
    piece_id = pieces[(pieces.role == "known") & (pieces.split == "train")].piece_id.iloc[1]
    file = run.features / f"{piece_id}.npy"
    spoil(file, ZOO.damaged_features()[way])
    one_line(capfd, stage, small(), run, file)


@pytest.mark.parametrize("stage", ["train", "evaluate"])
@pytest.mark.parametrize("way", ZOO.damaged_tables(*SPLITS))
def test_a_damaged_table_of_splits(run, small, capfd, stage, way):
    spoil(run.splits, ZOO.damaged_tables(*SPLITS)[way])
    one_line(capfd, stage, small(), run, run.splits)


@pytest.mark.parametrize("way", ["gone", "empty", "binary", "zeros", "without_piece_id"])
def test_a_damaged_table_of_features(run, small, capfd, way):
    spoil(run.features_table, ZOO.damaged_tables("piece_id")[way])
    one_line(capfd, "train", small(), run, run.features_table)


@pytest.mark.parametrize("way", ["gone", "empty", "cut", "noise", "a_piece_less"])
def test_damaged_facts(run, small, capfd, way):
    spoil(run.facts_table, ZOO.damaged_records()[way])
    one_line(capfd, "evaluate", small(), run, run.facts_table)


@pytest.mark.parametrize("way", ZOO.damaged_embeddings())
def test_damaged_embeddings(run, small, capfd, way):
    spoil(run.embeddings, ZOO.damaged_embeddings()[way])
    one_line(capfd, "evaluate", small(), run, run.embeddings)
