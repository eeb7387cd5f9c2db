"""`python stages/train.py`, interrupted and killed in mid-training, with MLflow's database beside it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from functools import cached_property
from pathlib import Path

import pytest
import yaml
from mlflow.tracking import MlflowClient

import earmark

PROJECT = Path(__file__).parents[2]
OURS = ("HYDRA_FULL_ERROR", "MLFLOW_TRACKING_URI")
EPOCHS = 4
# Epochs of a second or two: what is sent after the first has ended arrives in the second.
OVERRIDES = (
    "experiment=composer_convnet",
    f"trainer.max_epochs={EPOCHS}",
    f"trainer.patience={EPOCHS}",
    "sampler.batches_per_epoch=20",
    "tracking.experiment=killed",
)


class Checkout:
    """A checkout with the small corpus, and runs of its `stages/train.py`."""

    def __init__(self, folder, environment):
        self.folder, self._environment = folder, environment

    def start(self, name):
        """Start a run in runs/NAME; the process."""
        command = [sys.executable, "stages/train.py", f"hydra.run.dir=runs/{name}"]
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # children of "&" would ignore it
        try:
            with (self.folder / f"{name}.txt").open("w") as log:
                return subprocess.Popen(
                    command,
                    cwd=self.folder,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        finally:
            signal.signal(signal.SIGINT, before)

    def finish(self, name):
        """A run to its end; what it printed."""
        assert self.start(name).wait(timeout=300) == 0, self.said(name)
        return self.said(name)

    def end_in_the_second_epoch(self, name, kind, wait_until):
        """Start a run and send its processes a signal after the first epoch; its exit status."""
        process = self.start(name)
        try:
            wait_until(lambda: self.checkpoints() or process.poll() is not None, limit_s=300)
            assert process.poll() is None, self.said(name)
            os.killpg(process.pid, kind)
            return process.wait(timeout=60)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)

    def said(self, name):
        return (self.folder / f"{name}.txt").read_text()

    def checkpoints(self):
        return list((self.folder / ".training").glob("*/last.ckpt"))

    @cached_property
    def client(self):
        return MlflowClient(f"sqlite:///{self.folder / 'mlflow.db'}")

    def run(self, name):
        """MLflow's entry of a run."""
        found = json.loads((self.folder / "runs" / name / "run.json").read_text())
        return self.client.get_run(found["run_id"])

    def results(self, name):
        """What a run left: metrics, curves, predictions and the bundle, as bytes."""
        root = self.folder / "runs" / name
        files = [
            *(root / "metrics").iterdir(),
            *(root / "models").iterdir(),
            root / "plots" / "training" / "history.csv",
            root / "data" / "verdicts.csv",
            root / "data" / "embeddings.safetensors",
        ]
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}

    def curves(self, name):
        """The values of each epoch in MLflow: (step, value) by name."""
        run = self.run(name)
        names = [key for key in run.data.metrics if key.startswith(("train/", "validation/"))]
        return {
            key: [(one.step, one.value) for one in self.client.get_metric_history(run.info.run_id, key)]
            for key in names
        }


@pytest.fixture(scope="module")
def checkout(project, settings, tmp_path_factory):
    """A checkout in which one run, "undisturbed", went to its end."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("conf", "stages"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(project / "data" / "source", folder / "data" / "source", symlinks=True)
    (folder / "dvc.yaml").touch()
    (folder / "overrides.yaml").write_text(yaml.safe_dump({"overrides": [*settings, *OVERRIDES]}))
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    made = Checkout(folder, {**environment, "PYTHONPATH": str(Path(earmark.__file__).parents[1])})
    made.finish("undisturbed")
    return made


@pytest.mark.slow
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM], ids=lambda kind: kind.name)
def test_what_is_asked_to_end_in_mid_epoch_ends_killed_with_130(checkout, wait_until, kind):
    status = checkout.end_in_the_second_epoch(kind.name, kind, wait_until)
    said = checkout.said(kind.name)
    assert status == 130, said
    assert f"epoch 1/{EPOCHS}" in said
    assert f"epoch {EPOCHS}/{EPOCHS}" not in said
    assert "Traceback" not in said
    assert checkout.run(kind.name).info.status == "KILLED"
    assert json.loads((checkout.folder / "runs" / kind.name / "run.json").read_text())["status"] == "KILLED"
    assert checkout.checkpoints()
    shutil.rmtree(checkout.folder / ".training")  # the next test's training begins anew


@pytest.mark.slow
def test_what_was_killed_in_mid_training_goes_on_and_ends_as_what_was_not(checkout, wait_until):
    status = checkout.end_in_the_second_epoch("killed", signal.SIGKILL, wait_until)
    assert status == -signal.SIGKILL, checkout.said("killed")
    assert checkout.run("killed").info.status == "RUNNING"  # it could tell nobody
    assert "goes on after epoch" in checkout.finish("after_kill")
    dead = checkout.run("killed")
    assert (dead.info.status, dead.data.tags["earmark.error"]) == ("KILLED", "its process was killed")
    assert checkout.run("after_kill").info.status == "FINISHED"
    assert checkout.results("after_kill") == checkout.results("undisturbed")
    curves = checkout.curves("after_kill")
    assert curves == checkout.curves("undisturbed")
    assert {len(values) for values in curves.values()} == {EPOCHS}
    assert list((checkout.folder / ".training").iterdir()) == []
