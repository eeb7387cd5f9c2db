"""Stage scripts as a shell starts them: mistakes are one line, outputs lie where they belong."""

import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from earmark.experiments import launch
from earmark.experiments.sweep.folder import Sweep
from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path):
    for name in ("conf", "stages"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "overrides.yaml").write_text("overrides: [experiment=composer, trainer.seed=3]\n")
    (tmp_path / "dvc.yaml").touch()
    return tmp_path


@pytest.fixture
def shell(checkout):
    """Run a stage script from the checkout's folder."""

    def run(stage, *arguments):
        command = [sys.executable, f"stages/{stage}.py", *arguments]
        environment = {name: value for name, value in os.environ.items() if name != "HYDRA_FULL_ERROR"}
        return subprocess.run(
            command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=300
        )

    return run


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("stage", "arguments", "said"),
    [
        ("train", ["trainer.sed=1"], "sed"),
        ("train", ["model=convnot"], "convnot"),
        ("train", ["render.synth_rate=4000"], "render.synth_rate=4000: must lie within 8000 and 96000 Hz"),
        ("train", ["trainer.seed=${trainer.sed}"], "trainer.sed"),
        ("split", ["-cn", "frozen"], "params"),
    ],
)
def test_a_mistake_is_one_line_on_stderr_and_status_1(shell, checkout, stage, arguments, said):
    before = files(checkout)
    done = shell(stage, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{stage}: error: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stdout + done.stderr
    # What fails in a check is a run, too.
    elsewhere = {name for name in files(checkout) - before if not name.startswith("runs/")}
    places = ("mlflow.db", ".mlflow.lock", "mlartifacts/")
    assert {name for name in elsewhere if not name.startswith(places)} == set()


def test_bad_overrides_yaml_is_one_line(shell, checkout):
    (checkout / "overrides.yaml").write_text("experiment=composer\n")
    done = shell("compose")
    assert done.returncode == 1
    assert "overrides.yaml must hold a list" in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_dvc_runs_writes_into_the_checkout_and_nothing_else(shell, checkout):
    before = files(checkout)
    done = shell("compose")
    assert (done.returncode, done.stderr) == (0, "")
    assert files(checkout) - before == {"params.yaml"}
    params = yaml.safe_load((checkout / "params.yaml").read_text())
    assert params["trainer"]["seed"] == 3  # of overrides.yaml
    text = (checkout / "params.yaml").read_text()
    (checkout / "params.yaml").write_text(text.replace("  patience:", "  patience_:"))
    done = shell("split", "-cn", "frozen")
    assert done.returncode == 1
    assert "patience_" in done.stderr
    assert done.stderr.count("\n") == 1
    (checkout / "params.yaml").write_text(text)
    (checkout / "data").mkdir()
    rows = [
        f"p{number},p{number}.mid,,{label},w{number},known,"
        for number, label in enumerate(["Ash", "Birch"] * 6)
    ]
    (checkout / "data" / "pieces.csv").write_text(
        "\n".join(["piece_id,path,title,label,group,role,split", *rows]) + "\n"
    )
    before = files(checkout)
    done = shell("split", "-cn", "frozen")
    assert (done.returncode, done.stderr) == (0, "")
    assert files(checkout) - before == {"data/splits.csv"}


def test_a_shell_run_writes_below_runs_only_and_says_its_overrides(shell, checkout):
    before = files(checkout)
    done = shell("compose", "trainer.seed=9", "audio=stereo44k")
    assert (done.returncode, done.stderr) == (0, "")
    new = {Path(name) for name in files(checkout) - before}
    assert {path.parts[0] for path in new} == {"runs"}
    (params,) = (checkout / path for path in new if path.name == "params.yaml")
    found = yaml.safe_load(params.read_text())
    assert (found["trainer"]["seed"], found["audio"]["channels"]) == (9, 2)
    assert params.parent.name.endswith("-compose")
    assert set((params.parent / "overrides.txt").read_text().split()) == {"trainer.seed=9", "audio=stereo44k"}


def test_a_sweep_has_a_folder_for_each_job_and_fails_where_one_does(shell, checkout):
    done = shell("compose", "-m", "render.synth_rate=8000,16000,4000")
    assert done.returncode == 1
    assert "render.synth_rate=4000: must lie within" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    found = {
        path.parent.name: yaml.safe_load(path.read_text())["render"]["synth_rate"]
        for path in (checkout / "runs").rglob("params.yaml")
    }
    assert found == {"0": 8000, "1": 16000}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["-cn", "frozen"], ["-cn", "frozen"]),
        ([], ["hydra.job.name=train", "experiment=composer", "trainer.seed=3"]),
        (["trainer.seed=1"], ["hydra.job.name=train", "experiment=composer", "trainer.seed=1"]),
        (["trainer.seed=1", "-m"], ["-m", "hydra.job.name=train", "experiment=composer", "trainer.seed=1"]),
        (
            ["trainer.seed=1", "--cfg", "job"],
            ["--cfg", "job", "hydra.job.name=train", "experiment=composer", "trainer.seed=1"],
        ),
        (
            ["-m", "experiment=a,b", "trainer.seed=1"],
            ["-m", "hydra.job.name=train", "experiment=a,b", "trainer.seed=1"],
        ),
    ],
)
def test_the_command_line_replaces_what_overrides_yaml_says(checkout, given, expected):
    assert launch._arguments("train", given, Workspace.at(checkout)) == expected


def test_a_sweep_goes_on_in_the_folder_where_it_began(checkout, monkeypatch):
    monkeypatch.chdir(checkout)
    folder = checkout / "runs" / "a day" / "a-sweep"
    overrides = ("experiment=composer", "trainer.seed=3", "split.fold=0,1")
    Sweep(folder, "train", overrides, (), "composer", "p", "2026").write()
    given = ["-m", "split.fold=0,1", "hydra/launcher=joblib", "sweep.resume=true"]
    made = launch._arguments("train", given, Workspace.at(checkout))
    assert "hydra.sweep.dir='runs/a day/a-sweep'" in made
    assert made[0] == "-m"
    assert made[-3:] == given[1:]
    given.append("hydra.sweep.dir=elsewhere")
    assert "hydra.sweep.dir='runs/a day/a-sweep'" not in launch._arguments(
        "train", given, Workspace.at(checkout)
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["sweep.resume=true"], r"sweep\.resume=true is for sweeps: add -m"),
        (["-m", "split.fold=0,1", "sweep.resume=True"], "no sweep of train below runs had the overrides"),
    ],
)
def test_a_sweep_that_cannot_go_on_says_why(checkout, monkeypatch, given, said):
    monkeypatch.chdir(checkout)
    with pytest.raises(EarmarkError, match=said):
        launch._arguments("train", given, Workspace.at(checkout))


def test_only_the_overrides_of_the_command_line_are_a_runs_own(checkout):
    job = SimpleNamespace(overrides=SimpleNamespace(task=["experiment=composer", "trainer.seed=3"]))
    assert launch._own(job, Workspace.at(checkout)) == []
    job.overrides.task.append("model=convnet")
    assert launch._own(job, Workspace.at(checkout)) == ["model=convnet"]


def test_two_commands_that_begin_in_one_second_have_folders_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    clock = SimpleNamespace(now=lambda: datetime(2026, 11, 25, 20, 4, 26))
    monkeypatch.setattr(launch, "datetime", clock)
    made = [launch._own_folder("train", given) for given in (["a=1"], ["a=2"], ["-m", "a=1,2"])]
    assert [folder.as_posix() for folder in made] == [
        "runs/2026-11-25/20-04-26-train",
        "runs/2026-11-25/20-04-26-train-2",
        "runs/2026-11-25/20-04-26-sweep",
    ]
    assert all(folder.is_dir() for folder in made)


@pytest.mark.parametrize(
    "given",
    [
        ["-cn", "frozen"],
        ["--cfg", "job"],
        ["--help"],
        ["hydra.run.dir=x"],
        ["-m", "a=1,2", "hydra.sweep.dir=x"],
    ],
)
def test_what_runs_nothing_or_elsewhere_gets_no_folder(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    assert launch._own_folder("train", given) is None
    assert list(tmp_path.iterdir()) == []
