"""Lightning's curves into an MLflow run that goes on after training."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from pytorch_lightning.loggers import MLFlowLogger

from earmark.pipeline.tracking.experiment import is_database
from earmark.pipeline.tracking.whole_calls import holding_interrupts


class RunLogger(MLFlowLogger):
    """Lightning would end the run with training; ours goes on to the bundle and the evaluation."""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Write values of one step; what is interrupted is interrupted after a database has them."""
        with holding_interrupts() if is_database(str(self._tracking_uri)) else nullcontext():
            super().log_metrics(metrics, step)

    def finalize(self, status: str = "success") -> None:
        """Leave the run open."""

    def log_hyperparams(self, *_: Any, **__: Any) -> None:
        """Log none: the stage logs the whole config."""
