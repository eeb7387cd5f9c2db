"""What stages need of a config, and how they report."""

import pandas as pd
import pytest

from earmark.foundation.workspace import Workspace
from earmark.music.catalog import QUARANTINE_COLUMNS, read_table
from earmark.pipeline.context import Context


@pytest.fixture
def context(project, small, tmp_path):
    return Context(small("audio.channels=2", "midi=original"), Workspace.at(project, tmp_path))


def test_settings_become_objects(context):
    assert context.executor.workers == 1


def test_the_store_lies_in_the_project_or_where_the_environment_says(context, project, monkeypatch, tmp_path):
    assert context.store.root == project / context.config.store.path
    monkeypatch.setenv("EARMARK_STORE", str(tmp_path / "elsewhere"))
    assert Context(context.config, context.workspace).store.root == tmp_path / "elsewhere"


def test_a_shared_store_lies_behind_it(context, small):
    assert context.store.remote is None
    cfg = small("store.url=file:///mnt/store")
    assert Context(cfg, context.workspace).store.remote.url == "file:///mnt/store"


def test_failures_are_written_and_said(context, capsys):
    pieces = pd.DataFrame({"piece_id": ["a", "b"], "path": ["a.mid", "b.mid"], "label": ["Ash", ""]})
    context.report_failures("render", pieces, {"b": "has no notes"})
    table = read_table(context.failures("render"))
    assert list(table.columns) == QUARANTINE_COLUMNS
    assert table.to_numpy().tolist() == [["b", "b.mid", "", "render", "has no notes"]]
    assert capsys.readouterr().out == "render: left out b.mid: has no notes\n"


def test_no_failures_is_an_empty_table_with_its_columns(context):
    pieces = pd.DataFrame({"piece_id": ["a"], "path": ["a.mid"], "label": [""]})
    context.report_failures("render", pieces, {})
    table = read_table(context.failures("render"))
    assert (list(table.columns), len(table)) == (QUARANTINE_COLUMNS, 0)
