"""The command line that Hydra gets, and the folder of a run."""

from datetime import datetime

import pytest

from earmark.experiments.command_line import added_overrides, hydra_arguments, make_run_folder
from earmark.experiments.sweep.folder import Sweep
from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace

START = datetime(2026, 11, 25, 20, 4, 26)


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "overrides.yaml").write_text("overrides: [experiment=composer, trainer.seed=3]\n")
    return Workspace.at(tmp_path)


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
def test_the_command_line_replaces_what_overrides_yaml_lists(checkout, given, expected):
    assert hydra_arguments("train", given, checkout) == expected


def test_a_sweep_is_resumed_in_its_folder(checkout, monkeypatch):
    monkeypatch.chdir(checkout.project)
    folder = checkout.project / "runs" / "a day" / "a-sweep"
    overrides = ("experiment=composer", "trainer.seed=3", "split.fold=0,1")
    Sweep(folder, "train", overrides, (), "composer", "p", "2026").write()
    given = ["-m", "split.fold=0,1", "hydra/launcher=joblib", "sweep.resume=true"]
    arguments = hydra_arguments("train", given, checkout)
    assert "hydra.sweep.dir='runs/a day/a-sweep'" in arguments
    assert arguments[0] == "-m"
    assert arguments[-3:] == given[1:]
    given.append("hydra.sweep.dir=elsewhere")
    assert "hydra.sweep.dir='runs/a day/a-sweep'" not in hydra_arguments("train", given, checkout)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--trainer.seed=1"], "settings have no dashes before them: trainer.seed=1"),
        (["=1"], "an override is KEY=VALUE"),
        (["sweep.resume=true"], r"sweep\.resume=true is for sweeps: add -m"),
        (["-m", "split.fold=0,1", "sweep.resume=True"], "no sweep of train below runs had the overrides"),
    ],
)
def test_what_cannot_be_meant_is_refused(checkout, monkeypatch, given, message):
    monkeypatch.chdir(checkout.project)
    with pytest.raises(EarmarkError, match=message):
        hydra_arguments("train", given, checkout)


def test_only_what_overrides_yaml_does_not_list_is_added(checkout):
    standing = ["experiment=composer", "trainer.seed=3"]
    assert added_overrides(standing, checkout) == []
    assert added_overrides([*standing, "model=convnet"], checkout) == ["model=convnet"]


def test_commands_that_begin_in_one_second_have_different_folders(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = [make_run_folder("train", given, START) for given in (["a=1"], ["a=2"], ["-m", "a=1,2"])]
    assert [folder.as_posix() for folder in folders] == [
        "runs/2026-11-25/20-04-26-train",
        "runs/2026-11-25/20-04-26-train-2",
        "runs/2026-11-25/20-04-26-sweep",
    ]
    assert all(folder.is_dir() for folder in folders)


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
    assert make_run_folder("train", given, START) is None
    assert list(tmp_path.iterdir()) == []
