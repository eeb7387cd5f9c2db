"""The eight figures by which two commits are compared: metrics/summary.json, for `dvc metrics diff`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from earmark.evaluation.metric_table import headline

FIGURES = (
    *("validation.balanced_accuracy", "control.heard_balanced_accuracy", "baseline.balanced_accuracy"),
    *("open_set.auroc", "selective.coverage", "selective.risk", "calibration.ece"),
)
"""Of every experiment, besides its own headline; sections and names of metrics/evaluate.json."""


def figures(metrics: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return the figures that matter most, without their intervals.

    Args:
        metrics: The content of metrics/evaluate.json.

    Returns:
        By section and name; what was not measured is left out.
    """
    chosen: dict[str, dict[str, float]] = {}
    for name in (headline(metrics).name, *FIGURES):
        section, _, metric = name.partition(".")
        value = metrics[section][metric]["value"]
        if value is not None:
            chosen.setdefault(section, {})[metric] = value
    return chosen
