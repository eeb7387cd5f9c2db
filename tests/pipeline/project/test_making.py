"""Making a project, and what stays as it is."""

import configparser
import subprocess

import pytest
import yaml

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import CATALOGUE, Workspace
from earmark.pipeline.project import pipeline_file
from earmark.pipeline.project.making import experiments, make_project
from earmark.pipeline.project.pipeline_file import text_of

WRITTEN = {
    "dvc.yaml",
    "overrides.yaml",
    "stages/train.py",
    "conf/README.md",
    "data/source",
    ".gitignore",
    "README.md",
}


def contents(folder):
    return {
        path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts
    }


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def settings_of_dvc(folder):
    parser = configparser.ConfigParser()
    parser.read_string(
        "\n".join(line.strip() for line in (folder / ".dvc" / "config").read_text().splitlines())
    )
    return parser


@pytest.mark.parametrize("name", ["new", "a=b %2F,[x] é", "deep/er"])
def test_an_empty_place_becomes_a_project_of_git_and_dvc(tmp_path, name):
    folder = tmp_path / name
    made = make_project(folder)
    assert set(made.written) >= WRITTEN | {".git/", ".dvc/"}
    assert (made.updated, made.kept, made.remarks) == ([], [], [])
    assert Workspace.find(folder / "stages").project == folder
    assert yaml.safe_load((folder / "overrides.yaml").read_text()) == {"overrides": ["experiment=composer"]}
    assert settings_of_dvc(folder)["core"]["analytics"] == "False"
    assert "no_scm" not in settings_of_dvc(folder)["core"]
    assert git(folder, "status", "--short", "--", ".dvc/config") == "A  .dvc/config\n"
    (folder / "data" / "raw").mkdir()
    (folder / "data" / "raw" / "1.mid").touch()
    (folder / "mlflow.db").touch()
    unwanted = git(folder, "status", "--short", "--untracked-files=all", "--", "data/raw", "mlflow.db")
    assert unwanted == ""


def test_a_second_time_changes_nothing(tmp_path):
    make_project(tmp_path)
    before = contents(tmp_path)
    made = make_project(tmp_path)
    assert (made.written, made.updated, made.kept, made.remarks) == ([], [], [], [])
    assert contents(tmp_path) == before


def test_what_is_there_stays(tmp_path):
    (tmp_path / "README.md").write_text("Mine.\n")
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages" / "train.py").write_text("pass\n")
    made = make_project(tmp_path)
    assert (tmp_path / "README.md").read_text() == "Mine.\n"
    assert (tmp_path / "stages" / "train.py").read_text() == "pass\n"
    assert made.kept == ["stages/train.py"]
    ignored = (tmp_path / ".gitignore").read_text().splitlines()
    assert ignored[0] == "*.log"
    assert "/models/" in ignored


def test_the_pipeline_of_an_older_earmark_is_replaced_unless_it_was_edited(tmp_path, monkeypatch):
    with monkeypatch.context() as older:
        older.setattr(pipeline_file, "_PACKAGE_STAGE", {"cmd": "another"})
        make_project(tmp_path)
    assert make_project(tmp_path).updated == ["dvc.yaml"]
    assert (tmp_path / "dvc.yaml").read_text() == text_of("dvc.yaml")
    edited = text_of("dvc.yaml") + "# mine\n"
    (tmp_path / "dvc.yaml").write_text(edited)
    assert make_project(tmp_path).kept == ["dvc.yaml"]
    assert (tmp_path / "dvc.yaml").read_text() == edited


def test_chosen_music_stays_chosen(tmp_path):
    make_project(tmp_path / "p")
    source = tmp_path / "p" / "data" / "source"
    source.unlink()
    source.symlink_to(tmp_path / "gone")
    make_project(tmp_path / "p")
    assert source.is_symlink()


def test_an_example_is_an_experiment_of_the_package(tmp_path):
    assert {"composer", "key", "genre", "author"} <= set(experiments())
    for name in ("key", "author"):
        make_project(tmp_path / name, name, git=False)
        assert yaml.safe_load((tmp_path / name / "overrides.yaml").read_text()) == {
            "overrides": [f"experiment={name}"]
        }
        assert (CATALOGUE / "corpora" / f"{name}.csv").is_file()
        assert Workspace.at(tmp_path / name).corpora == CATALOGUE / "corpora"
    make_project(tmp_path / "key", "key")
    with pytest.raises(EarmarkError, match="has other overrides already"):
        make_project(tmp_path / "key", "genre")
    with pytest.raises(EarmarkError, match=r"--example jazz: there is author"):
        make_project(tmp_path / "jazz", "jazz")
    assert not (tmp_path / "jazz").exists()


def test_without_git_dvc_keeps_no_history(tmp_path, monkeypatch):
    make_project(tmp_path / "chosen", git=False)
    assert settings_of_dvc(tmp_path / "chosen")["core"]["no_scm"] == "True"
    assert not (tmp_path / "chosen" / ".git").exists()
    monkeypatch.setenv("PATH", str(tmp_path))
    (remark,) = make_project(tmp_path / "missing").remarks
    assert "git" in remark
    assert (tmp_path / "missing" / ".dvc").is_dir()


def test_a_folder_of_a_repository_becomes_a_project_below_it(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("scratch/\n")
    assert ".git/" not in make_project(tmp_path / "music").written
    assert (tmp_path / "music" / ".dvc").is_dir()
    assert ".git/" in make_project(tmp_path / "scratch" / "music").written  # which the outer one ignores


def test_without_dvc_the_remark_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "dvc.repo", None)
    made = make_project(tmp_path)
    assert ["earmark[pipeline]" in remark for remark in made.remarks] == [True]
    assert ".dvc/" not in made.written


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("file", "is no folder"),
        ("file/below", "cannot be written"),
        ("link", "is no folder"),
        ("other", "another DVC"),
        ("new\nline", "printable"),
        ("caf\udce9", "printable"),
    ],
)
def test_a_place_that_will_not_do_is_refused_in_one_line(tmp_path, name, message):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "dvc.yaml").write_text("stages: {count: {cmd: wc}}\n")
    before = contents(tmp_path)
    with pytest.raises(EarmarkError, match=message) as refused:
        make_project(tmp_path / name)
    assert "\n" not in str(refused.value)
    assert contents(tmp_path) == before


def test_a_checkout_of_earmark_is_a_project_already(tmp_path):
    (tmp_path / "src" / "earmark").mkdir(parents=True)
    (tmp_path / "dvc.yaml").write_text((CATALOGUE / "pipeline.yaml").read_text())
    before = contents(tmp_path)
    assert make_project(tmp_path).is_checkout
    assert contents(tmp_path) == before
