"""Which edits of our code rerun which stages, as `dvc status` has it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
COPIED = ("conf", "src/earmark", "stages", "data/corpora", ".dvc/config")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout in which every stage is up to date: DVC compares digests, so outputs may hold anything."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in COPIED:
        origin, copy = PROJECT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(origin, copy)
    for name in ("dvc.yaml", "params.yaml"):
        shutil.copy(PROJECT / name, folder / name)
    (folder / "overrides.yaml").write_text("overrides: []\n")
    (folder / "data" / "source").write_text("default\n")
    for stage in yaml.safe_load((folder / "dvc.yaml").read_text())["stages"].values():
        for out in [*stage.get("outs", []), *stage.get("metrics", [])]:
            (name,) = [out] if isinstance(out, str) else out
            if name == "params.yaml":
                continue
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix:
                path.write_text("{}")
            else:
                path.mkdir()
                (path / "file").write_text(name)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    dvc(folder, "commit", "--force")
    return folder


def dvc(folder, *arguments):
    """What DVC prints."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=True
    ).stdout


def stale_stages(folder):
    """The stages that `dvc repro` would run because something that they list has changed."""
    return set(json.loads(dvc(folder, "status", "--json")))


def test_a_finished_checkout_is_up_to_date(checkout):
    assert stale_stages(checkout) == set()


@pytest.mark.parametrize(
    ("module", "stages"),
    [
        ("pipeline/tracking/tracker.py", set()),
        ("foundation/progress.py", set()),
        ("pipeline/summary.py", set()),
        ("experiments/leaderboard/board.py", set()),
        ("identify/verdict.py", set()),
        ("evaluation/plots.py", {"evaluate"}),
        ("music/splits.py", {"render", "features", "split"}),
        ("music/piece_checks/measurements.py", {"render", "features", "validate"}),
        ("learning/training.py", {"train"}),
        ("decisions/prototype.py", {"train", "evaluate"}),
    ],
)
def test_an_edited_docstring_reruns_what_the_module_can_change_and_nothing_else(checkout, module, stages):
    file = checkout / "src" / "earmark" / module
    text = file.read_text()
    try:
        file.write_text(text.replace('"""', '"""Edited. ', 1))
        assert stale_stages(checkout) == stages
    finally:
        file.write_text(text)
