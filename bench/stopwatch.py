"""Train in a checkout by its stage, and print how long batches took to come and steps to be made.

python -m bench.stopwatch OVERRIDE…    in the checkout; one line of JSON at the end
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytorch_lightning as pl

WARM_UP = 2  # steps at the beginning that are not counted: libraries choose their kernels then


class Stopwatch(pl.Callback):
    """Times batches and steps, the first few left out.

    Attributes:
        data_s: Waiting for batches, a sum.
        step_s: Making steps, a sum.
        clips: In those steps.
    """

    def __init__(self) -> None:
        self.data_s = self.step_s = 0.0
        self.clips = self._steps = 0
        self._since = 0.0

    def on_train_epoch_start(self, *_: Any) -> None:
        """Begin to wait for a batch."""
        self._since = time.perf_counter()

    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, index: int) -> None:
        """End waiting, begin a step."""
        now = time.perf_counter()
        if self._steps >= WARM_UP:
            self.data_s += now - self._since
        self._since = now

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, index: int) -> None:
        """End a step, begin to wait for a batch."""
        now = time.perf_counter()
        if self._steps >= WARM_UP:
            self.step_s += now - self._since
            self.clips += len(batch[0])
        self._steps += 1
        self._since = now


def main() -> None:
    """Train by the overrides of the command line."""
    from earmark.foundation.workspace import Workspace
    from earmark.pipeline.order import run_stage
    from earmark.pipeline.settings.config import compose

    workspace = Workspace.at(Path.cwd())
    watch, fit = Stopwatch(), pl.Trainer.fit

    def watched(trainer: pl.Trainer, *args: Any, **settings: Any) -> Any:
        trainer.callbacks.append(watch)  # pyright: ignore[reportAttributeAccessIssue]  # set by a connector
        return fit(trainer, *args, **settings)

    with patch.object(pl.Trainer, "fit", watched):
        run_stage("train", compose(workspace.conf, sys.argv[1:]), workspace)
    print(json.dumps({"data_s": watch.data_s, "step_s": watch.step_s, "clips": watch.clips}))


if __name__ == "__main__":
    main()
