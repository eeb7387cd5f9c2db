"""Lightning's curves into an MLflow run that goes on after training."""

from __future__ import annotations

from typing import Any

from pytorch_lightning.loggers import MLFlowLogger


class RunLogger(MLFlowLogger):
    """Lightning would end the run with training; ours goes on to the bundle and the evaluation."""

    def finalize(self, status: str = "success") -> None:
        """Leave the run open."""

    def log_hyperparams(self, *_: Any, **__: Any) -> None:
        """Log none: the stage logs the whole config."""
