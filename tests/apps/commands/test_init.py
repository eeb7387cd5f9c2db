"""`earmark init` as it is typed."""

import os

import pytest
from typer.testing import CliRunner

from earmark.apps.cli import app


@pytest.fixture
def init(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["init", *arguments])


def test_it_ends_with_the_next_three_commands(init, tmp_path):
    done = init("my music", "--no-git")
    assert done.exit_code == 0, done.exception
    said, *lines = done.stdout.splitlines()
    assert said == f"{tmp_path / 'my music'} is a project of earmark now"
    assert [line.split()[0] for line in lines[1:]] == ["cd", "earmark", "dvc", "earmark"]
    assert lines[1] == "  cd 'my music'"
    readme = (tmp_path / "my music" / "README.md").read_text()
    assert all(f"$ {line.strip()}\n" in readme for line in lines[2:])
    again = init("my music", "--no-git")
    assert again.stdout == f"{tmp_path / 'my music'} is a project already: nothing to do\n"


def test_here_is_the_default_and_an_example_needs_no_music(init, tmp_path):
    done = init("--example", "genre", "--no-git")
    assert done.stdout.splitlines()[2:] == [
        "  dvc repro",
        "  earmark leaderboard",
        "  earmark identify song.mid",
    ]
    assert "experiment=genre" in (tmp_path / "overrides.yaml").read_text()
    (tmp_path / "optional" / "dvc.yaml").unlink()
    (tmp_path / "stages" / "train.py").write_text("pass\n")
    again = init("--no-git")
    assert again.stdout == f"{tmp_path}: wrote optional/dvc.yaml\n"
    assert again.stderr == "earmark: warning: stages/train.py was changed here and stays as it is\n"


def test_a_mistake_is_one_line_and_status_2(init, tmp_path):
    (tmp_path / "file").touch()
    done = init("file")
    assert done.exit_code == 2
    assert (
        done.stderr
        == f"earmark: error: {os.path.join(tmp_path, 'file')} is no folder: name one, or a new one\n"
    )
