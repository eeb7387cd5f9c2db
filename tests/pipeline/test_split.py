"""The stage writes what `earmark.music.splits` deals."""

import pandas as pd

from earmark.foundation.workspace import Workspace
from earmark.music.catalog import read_table, write_table
from earmark.music.splits import SPLIT_COLUMNS, SplitSettings, split_pieces
from earmark.pipeline.split import run


def test_splits_are_those_of_the_settings(project, finished, small, tmp_path):
    pieces = read_table(finished.workspace.pieces)
    workspace = Workspace.at(project, tmp_path)
    write_table(pieces, workspace.pieces)
    run(small("split.folds=4", "split.fold=2", "split.seed=3"), workspace)
    pd.testing.assert_frame_equal(
        read_table(workspace.splits), split_pieces(pieces, SplitSettings(folds=4, fold=2, seed=3))
    )


def test_works_stay_together_in_a_whole_run(finished):
    splits = read_table(finished.workspace.splits)
    assert list(splits.columns) == SPLIT_COLUMNS
    assert (splits.groupby("group").split.nunique() == 1).all()
    assert set(splits[splits.split == "train"].label) == {"Ash", "Birch", "Cedar"}
    assert set(splits[splits.role == "unknown-test"].split) == {"test"}


def test_counts_are_said(finished):
    (line,) = finished.lines["split"]
    assert "unknown-calibration 3" in line
    assert "unknown-test 3" in line
    splits = read_table(finished.workspace.splits)
    known = splits[(splits.role == "known") & (splits.split == "train")]
    assert f"train {len(known)} pieces of {known.group.nunique()} works" in line
