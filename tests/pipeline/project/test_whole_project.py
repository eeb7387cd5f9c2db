"""A project from a wheel, without a checkout: from `earmark init` to verdicts."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

CHECKOUT = Path(__file__).parents[3]
RUN_EARMARK = "from earmark.apps.cli import main; main()"
OURS = ("EARMARK", "MLFLOW", "HYDRA", "PYTHONPATH", "DVC")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with what a wheel of this checkout installs."""
    folder = tmp_path_factory.mktemp("wheel")
    copied = (
        "conf",
        "data/corpora",
        "src",
        "optional",
        "dvc.yaml",
        ".dvcignore",
        "pyproject.toml",
        "README.md",
    )
    for name in copied:
        origin, copy = CHECKOUT / name, folder / "copy" / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        if origin.is_dir():
            shutil.copytree(origin, copy, symlinks=True, ignore=ignored)
        else:
            shutil.copy(origin, copy)
    pytest.importorskip("setuptools")
    build = ["-c", "from setuptools import setup; setup()", "--quiet", "build_py", "--build-lib"]
    command = [sys.executable, *build, str(folder / "site")]
    done = subprocess.run(command, cwd=folder / "copy", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(folder / "copy")
    return folder / "site"


@pytest.fixture(scope="module")
def shell(site, tmp_path_factory):
    """Run a command in a folder of one's own, with the wheel's earmark; what it printed, both streams."""
    folder = tmp_path_factory.mktemp("home")
    binaries = folder / "bin"
    binaries.mkdir()
    (binaries / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (binaries / "python").chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environment = {
        **kept,
        "PYTHONPATH": str(site),
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }

    def run(*command, status=0):
        starts = {"earmark": ["-c", RUN_EARMARK], "dvc": ["-m", "dvc"], "python": []}
        command = [sys.executable, *starts[command[0]], *map(str, command[1:])]
        done = subprocess.run(
            command,
            cwd=run.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    run.folder = folder
    return run


def ran(printed):
    return re.findall(r"^Running stage '(\w+)'", printed, re.MULTILINE)


@pytest.mark.slow
def test_a_wheel_is_enough_from_an_empty_folder_to_verdicts(shell, site, corpus, settings):
    assert shell("python", "-c", "import earmark; print(earmark.__file__)").startswith(str(site))
    shell("earmark", "init", "of my own")
    shell.folder = project = shell.folder / "of my own"
    assert not (project / "src").exists()
    music = corpus.parent / "of the user"
    shutil.copytree(corpus, music)
    shell("earmark", "use", music / "catalog.csv")
    choice = project / "conf" / "experiment" / "mine.yaml"  # of one's own, over choices of the package
    choice.parent.mkdir()
    choice.write_text("# @package _global_\ndefaults: [composer_convnet]\ntracking: {experiment: mine}\n")
    (project / "overrides.yaml").write_text(yaml.safe_dump({"overrides": ["experiment=mine", *settings]}))
    assert ran(shell("dvc", "repro")) == [
        *("package", "compose", "ingest", "render", "validate", "features", "split", "train", "evaluate")
    ]
    assert json.loads((project / "metrics" / "evaluate.json").read_text())["closed_set"]
    assert ran(shell("dvc", "repro")) == ["package"]

    shell("python", "stages/train.py", "-m", "split.fold=0,1", "hydra.sweep.dir=runs/sweep")
    board = shell("earmark", "leaderboard", "--json")
    (row, *_) = json.loads(board[board.index("{") : board.rindex("}") + 1])["rows"]
    assert "folds" in row
    records = [json.loads(file.read_text()) for file in sorted(project.glob("runs/sweep/*/run.json"))]
    assert [record["status"] for record in records] == ["FINISHED", "FINISHED"]
    assert "split.fold=1" in shell("earmark", "promote", records[1]["run_id"])
    assert ran(shell("dvc", "repro")) == ["package", "compose", "split", "train", "evaluate"]
    assert "Ash" in shell("earmark", "identify", "--json", music / "Ash" / "1.mid")

    trained = site / "earmark" / "learning" / "training.py"  # an upgrade brings other code
    trained.write_text(trained.read_text() + "\n# changed\n")
    assert ran(shell("dvc", "repro"))[:2] == ["package", "train"]


@pytest.mark.slow
def test_the_wheel_has_the_whole_catalogue(site):
    def files(folder):
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in (*folder.iterdir(), *(folder / "conf").rglob("*"), *(folder / "corpora").iterdir())
            if path.is_file()
        }

    assert files(site / "earmark" / "pipeline" / "catalogue") == files(
        CHECKOUT / "src" / "earmark" / "pipeline" / "catalogue"
    )
