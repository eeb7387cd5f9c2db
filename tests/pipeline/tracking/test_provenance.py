"""Where a result came from."""

import subprocess

import pytest

from earmark import __version__
from earmark.pipeline.tracking.provenance import data_hash, git_state, machine
from earmark.store import digest_file


@pytest.fixture
def repository(tmp_path):
    def git(*arguments):
        command = ["git", "-c", "user.name=n", "-c", "user.email=e@x", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "-q")
    for name in ("code.py", "dvc.lock", "params.yaml", "metrics/train.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("one")
    git("add", ".")
    git("commit", "-qm", "first")
    return tmp_path, git


def test_a_clean_checkout(repository):
    folder, git = repository
    assert git_state(folder) == {"commit": git("rev-parse", "HEAD"), "dirty": "false"}


@pytest.mark.parametrize("name", ["code.py", "new.py"])
def test_a_changed_or_new_file_makes_it_dirty(repository, name):
    folder, _ = repository
    (folder / name).write_text("two")
    assert git_state(folder)["dirty"] == "true"


@pytest.mark.parametrize("name", ["dvc.lock", "params.yaml", "metrics/train.json"])
def test_what_dvc_writes_while_a_run_goes_on_does_not(repository, name):
    folder, _ = repository
    (folder / name).write_text("two")
    assert git_state(folder)["dirty"] == "false"


def test_outside_of_a_repository_nothing_is_claimed(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_state(tmp_path) == {"commit": "none", "dirty": "unknown"}


def test_without_git_nothing_is_claimed(repository, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert git_state(repository[0]) == {"commit": "none", "dirty": "unknown"}


def test_a_repository_without_a_commit(tmp_path):
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert git_state(tmp_path)["commit"] == "none"


def test_the_data_have_a_digest_that_follows_their_bytes(tmp_path):
    (tmp_path / "a.csv").write_text("a")
    (tmp_path / "b.csv").write_text("b")
    one = data_hash(tmp_path / "a.csv")
    assert one == digest_file(tmp_path / "a.csv")[:16]
    assert data_hash(tmp_path / "a.csv", tmp_path / "b.csv") == f"{one}-{data_hash(tmp_path / 'b.csv')}"
    (tmp_path / "a.csv").write_text("A")
    assert data_hash(tmp_path / "a.csv") != one


def test_the_machine_names_the_version():
    found = machine()
    assert found["earmark"] == __version__
    assert set(found) == {"earmark", "python", "machine"}
