"""Stage scripts started from a shell: mistakes are one line, and where outputs lie."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from mlflow.tracking import MlflowClient

from earmark.experiments import launch

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


@pytest.mark.parametrize("step", ["register", "never_refuse", "_end_in_order"])
def test_ctrl_c_before_anything_has_begun_ends_in_order(checkout, monkeypatch, capsys, step):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(launch, step, interrupted)
    monkeypatch.setattr(sys, "argv", ["stages/train.py"])
    with pytest.raises(SystemExit) as ended:
        launch.launch(str(checkout / "stages" / "train.py"))
    assert ended.value.code == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("stage", "arguments", "message"),
    [
        ("train", ["trainer.sed=1"], "sed"),
        ("train", ["model=convnot"], "convnot"),
        ("train", ["render.synth_rate=4000"], "render.synth_rate=4000: must lie within 8000 and 96000 Hz"),
        ("train", ["trainer.seed=${trainer.sed}"], "trainer.sed"),
        ("split", ["-cn", "frozen"], "params"),
    ],
)
def test_a_mistake_is_one_line_on_stderr_and_status_1(shell, checkout, stage, arguments, message):
    before = files(checkout)
    done = shell(stage, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{stage}: error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stdout + done.stderr
    # A run that fails in a check is logged, too.
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


@pytest.mark.parametrize("stage", ["compose", "ingest"])
def test_what_dvc_runs_first_refuses_a_deleted_experiment(shell, checkout, stage):
    assert shell("compose").returncode == 0
    client = MlflowClient(f"sqlite:///{checkout / 'mlflow.db'}")
    name = yaml.safe_load((checkout / "params.yaml").read_text())["tracking"]["experiment"]
    client.delete_experiment(client.create_experiment(name))
    before = files(checkout)
    done = shell(stage, *(["-cn", "frozen"] if stage != "compose" else []))
    assert done.returncode == 1
    assert done.stderr.startswith(f"{stage}: error: the MLflow experiment {name} in sqlite:")
    assert done.stderr.count("\n") == 1
    assert files(checkout) == before


def test_a_shell_run_writes_below_runs_only_and_notes_its_overrides(shell, checkout):
    before = files(checkout)
    done = shell("compose", "trainer.seed=9", "audio=stereo44k")
    assert (done.returncode, done.stderr) == (0, "")
    new = {Path(name) for name in files(checkout) - before}
    assert {path.parts[0] for path in new} == {"runs"}
    (params,) = (checkout / path for path in new if path.name == "params.yaml")
    settings = yaml.safe_load(params.read_text())
    assert (settings["trainer"]["seed"], settings["audio"]["channels"]) == (9, 2)
    assert params.parent.name.endswith("-compose")
    assert set((params.parent / "overrides.txt").read_text().split()) == {"trainer.seed=9", "audio=stereo44k"}


def test_a_sweep_has_a_folder_for_each_job_and_fails_where_one_does(shell, checkout):
    done = shell("compose", "-m", "render.synth_rate=8000,16000,4000")
    assert done.returncode == 1
    assert "render.synth_rate=4000: must lie within" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    rates = {
        path.parent.name: yaml.safe_load(path.read_text())["render"]["synth_rate"]
        for path in (checkout / "runs").rglob("params.yaml")
    }
    assert rates == {"0": 8000, "1": 16000}
