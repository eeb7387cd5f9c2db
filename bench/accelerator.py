"""How fast networks train on the accelerator at hand: clips a second, and how busy the GPU is.

    python -m bench.accelerator RUN OVERRIDE …

RUN is a folder that `python stages/split.py OVERRIDE … hydra.run.dir=RUN` filled. The network that the
overrides name (`experiment=composer_convnet`) is trained for a few epochs under each of SETTINGS; the first
epoch, in which kernels are chosen and compiled, does not count. Printed is a row for each.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import Logger

from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import read_table
from earmark.pipeline.settings.config import compose
from earmark.pipeline.settings.schema import Config
from earmark.pipeline.train import learn

CONF = Path(__file__).resolve().parents[1] / "conf"
EPOCHS = 8
SETTINGS = {
    "CPU, 32 bits": {"accelerator": "cpu", "devices": 1},
    "GPU, 32 bits, features from disk": {"accelerator": "gpu", "devices": 1, "features_on_device": "false"},
    "GPU, 32 bits": {"accelerator": "gpu", "devices": 1, "features_on_device": "true"},
    "GPU, bf16-mixed": {
        **{"accelerator": "gpu", "devices": 1, "features_on_device": "true"},
        "precision": "bf16-mixed",
    },
    "GPU, bf16-mixed, compiled": {
        **{"accelerator": "gpu", "devices": 1, "features_on_device": "true"},
        **{"precision": "bf16-mixed", "compile": True},
    },
}


class _Times(Logger):
    """Notes when each epoch's values come."""

    def __init__(self) -> None:
        super().__init__()
        self.ends_s: list[float] = []

    @property
    def name(self) -> str:
        """Of the experiment, for Lightning."""
        return "accelerator"

    @property
    def version(self) -> str:
        """Of the experiment, for Lightning."""
        return "0"

    def log_metrics(self, metrics: Any, step: int | None = None) -> None:
        """Note the time."""
        self.ends_s.append(time.perf_counter())

    def log_hyperparams(self, *_: Any, **__: Any) -> None:
        """Nothing is kept."""


class _Busy(threading.Thread):
    """Asks the driver twice a second how busy the GPU is, percent."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.percent: list[float] = []
        self.done = threading.Event()

    def run(self) -> None:
        query = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]
        while shutil.which(query[0]) and not self.done.wait(0.5):
            said = subprocess.run(query, capture_output=True, text=True, check=False).stdout.split()
            self.percent += [float(word) for word in said[:1] if word.isdigit()]


def main(run: Path, overrides: list[str]) -> None:
    """Print the table."""
    config, workspace = compose(CONF, overrides), Workspace.at(run)
    splits = read_table(workspace.splits)
    print("| | clips a second | GPU busy | last training loss |")
    print("|---|---|---|---|")
    for words, changed in SETTINGS.items():
        trainer = replace(config.trainer, **changed, max_epochs=EPOCHS, patience=EPOCHS)
        print(f"| {words} | {_measured(replace(config, trainer=trainer), workspace, splits)} |", flush=True)


def _measured(config: Config, workspace: Workspace, splits: Any) -> str:
    """Clips a second, how busy the GPU was, and the loss of the last epoch, as cells of a row."""
    times, busy = _Times(), _Busy()
    busy.start()
    with tempfile.TemporaryDirectory() as folder:  # no checkpoint of an earlier setting is gone on from
        apart = replace(workspace, project=Path(folder))
        try:
            learned = learn(config, apart, splits, times)
        except (EarmarkError, RuntimeError) as error:
            return f"{str(error).splitlines()[0]} | | "
        finally:
            busy.done.set()
    assert learned.fit is not None
    data = learned.data
    sampler = data.batches(data.train.labels, data.train.groups, config.trainer.seed)
    clips = sum(len(batch) for batch in sampler)
    ends = sorted(times.ends_s)
    percent = f"{sum(busy.percent) / len(busy.percent):.0f} %" if busy.percent else "–"
    loss = learned.fit.history[-1].get("train/loss", float("nan"))
    epochs = len(learned.fit.history) - 1
    return f"{clips * epochs / (ends[-1] - ends[0]):,.0f} | {percent} | {loss:.3f}"


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: python -m bench.accelerator RUN OVERRIDE ...")
    main(Path(sys.argv[1]), sys.argv[2:])
