"""`earmark promote` on a tiny corpus: the pipeline gives the run again and computes nothing anew."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from earmark.apps.cli import app
from earmark.experiments import shell_run
from earmark.foundation.workspace import Workspace
from earmark.pipeline import order as pipeline
from earmark.pipeline.settings.config import compose, workspace_overrides
from earmark.store import Store

PROJECT = Path(__file__).parents[2]
OURS = ("HYDRA_FULL_ERROR", "MLFLOW_TRACKING_URI")
SAME = ("metrics/evaluate.json", "metrics/train.json", "data/verdicts.csv", "data/splits.csv")


@pytest.fixture
def checkout(project, tmp_path, monkeypatch):
    """A checkout with the corpus of `project`, without outputs, that keeps its runs beside the others."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copytree(project / "conf", folder / "conf")
    shutil.copytree(project / "data" / "source", folder / "data" / "source", symlinks=True)
    (folder / "dvc.yaml").touch()
    (folder / "overrides.yaml").write_text("# Of this test.\noverrides: [trainer.seed=7]\n")
    monkeypatch.chdir(folder)
    return Workspace.at(folder)


def test_the_stages_give_a_promoted_run_again_and_ask_the_store_for_all_pieces(
    checkout, project, finished, small_overrides, monkeypatch
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{project / 'mlflow.db'}")
    store = f"store.path={project / 'store1'}"
    overrides = [*small_overrides, store, "tracking.experiment=promoted", "trainer.seed=5", "split.fold=1"]
    shell = Workspace.at(checkout.project, checkout.project / "runs" / "5")
    shell.root.mkdir(parents=True)
    (shell.root / "overrides.txt").write_text("\n".join(overrides) + "\n")
    shell_run.run(compose(checkout.conf, overrides), shell, "train", overrides)

    name = ", ".join(overrides)
    done = CliRunner().invoke(app, ["promote", name])
    assert done.exit_code == 0, done.exception
    assert "  - trainer.seed=7\n" in done.stdout
    assert "  + trainer.seed=5\n" in done.stdout
    assert "next: dvc repro" in done.stdout
    assert checkout.overrides.read_text().startswith("# Of this test.\noverrides:")
    assert workspace_overrides(checkout.overrides) == overrides

    made, make = [], Store._make

    def counted(store, function, temporary):
        make(store, function, temporary)  # what is broken fails again, and gives no entry
        made.append(function)

    monkeypatch.setattr(Store, "_make", counted)
    composed = compose(checkout.conf, workspace_overrides(checkout.overrides))
    for stage in pipeline.STAGES:  # as dvc.yaml has them, one by one in the checkout
        pipeline.run_stage(stage, composed, checkout)
    assert made == []
    for file in (*SAME, "params.yaml"):
        assert (checkout.root / file).read_bytes() == (shell.root / file).read_bytes(), file
    again = CliRunner().invoke(app, ["promote", done.stdout.split()[1]])
    assert "overrides.yaml has its overrides already" in again.stdout
    assert "learned from other data" not in again.stderr


@pytest.mark.slow
def test_dvc_repro_rebuilds_a_shell_run_that_was_promoted(checkout, small_overrides):
    folder = checkout.project
    for name in ("src", "stages"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PROJECT / "data" / "corpora", folder / "data" / "corpora")
    for name in ("dvc.yaml", ".gitignore"):
        shutil.copy(PROJECT / name, folder / name)
    (folder / "overrides.yaml").write_text(yaml.safe_dump({"overrides": small_overrides}))
    environment = {
        # MLflow sets its address for processes that this one starts.
        **{name: value for name, value in os.environ.items() if name not in OURS},
        "PYTHONPATH": str(folder / "src"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }

    def shell(*command):
        done = subprocess.run(
            list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    shell("git", "init", "-q")
    shell("git", "add", ".")
    shell("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a checkout")
    dvc = (sys.executable, "-m", "dvc")
    shell(*dvc, "init", "-q")
    shell(*dvc, "config", "core.analytics", "false")
    shell(sys.executable, "stages/train.py", "trainer.seed=5", "split.fold=1")
    (run,) = [file.parents[1] for file in (folder / "runs").rglob("metrics/evaluate.json")]
    entries = {path: path.stat().st_mtime_ns for path in (folder / ".cache").rglob("*") if path.is_file()}
    promote = "from earmark.apps.cli import main; main()"
    said = shell(sys.executable, "-c", promote, "promote", "trainer.seed=5, split.fold=1")
    assert "  + trainer.seed=5\n" in said
    shell(*dvc, "repro")
    for file in SAME:
        assert (folder / file).read_bytes() == (run / file).read_bytes(), file
    after = {path: path.stat().st_mtime_ns for path in (folder / ".cache").rglob("*") if path.is_file()}
    assert after == entries
