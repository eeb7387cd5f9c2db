"""One screenful: what was learned, how far to trust it, and where to look."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from earmark.evaluation.closed_set import confusion
from earmark.foundation.words import fixed, printable, shown
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import KNOWN, TEST
from earmark.pipeline.tracking.experiment import is_database
from earmark.pipeline.tracking.sqlite import shown_uri

WIDTH = 96
# Sections with rows of their own; those that an experiment adds are listed as they come.
SHOWN = (
    *("validation", "closed_set", "open_set", "clips", "selective", "calibration"),
    *("control", "baseline", "pieces", "warnings"),
)


def summary(
    report: Mapping[str, Any],
    verdicts: pd.DataFrame,
    labels: Sequence[str],
    workspace: Workspace,
    tracking_uri: str,
    run_page: str,
) -> str:
    """The text that ends `dvc repro`.

    Args:
        report: metrics/evaluate.json.
        verdicts: Of all pieces.
        labels: The known ones.
        workspace: Where it was written to.
        tracking_uri: Of MLflow's server, or a database.
        run_page: The address of the run in MLflow's pages.
    """
    count = report["pieces"]
    lines = [
        "",
        "=" * WIDTH,
        f"Learned {len(labels)} labels from {count['train']} pieces; evaluated on {count['test']} pieces "
        f"of works never heard in training,",
        f"and on {count['test_unknowns']} pieces by strangers.",
        "",
        "                                 value    95 % interval",
        _row("balanced accuracy", report["closed_set"]["balanced_accuracy"], f"chance {1 / len(labels):.3f}"),
        _row("macro F1", report["closed_set"]["macro_f1"]),
        _row("control, files as they came", report["control"]["balanced_accuracy"], "no pitch, no rhythm"),
        _row("control, as heard", report["control"]["heard_balanced_accuracy"], "no pitch, no rhythm"),
        _row("baseline, same features", report["baseline"]["balanced_accuracy"], "their averages alone"),
        _row("balanced accuracy of clips", report["clips"]["balanced_accuracy"]),
        _row("strangers: AUROC", report["open_set"]["auroc"], "chance 0.500"),
        _row("strangers: FPR at 95 % TPR", report["open_set"]["fpr_at_95_tpr"], "lower is better"),
        _row("strangers: OSCR", report["open_set"]["oscr"]),
        _row("strangers called unknown", report["open_set"]["unknown_rejected"]),
        _row("answered (coverage)", report["selective"]["coverage"]),
        _row("wrong among these (risk)", report["selective"]["risk"], "lower is better"),
        _row("calibration error (ECE)", report["calibration"]["ece"], "lower is better"),
    ]
    rest = [name for name in report if name not in SHOWN]
    lines += [_row(f"{name}: {key}"[:30], value) for name in rest for key, value in report[name].items()]
    if len(labels) <= 8:
        lines += ["", *_matrix(verdicts, labels)]
    lines += _strangest(verdicts)
    for warning in report["warnings"]:
        lines += ["", *textwrap.wrap(f"WARNING: {warning}.", WIDTH)]
    where = workspace.project
    lines += [
        "",
        f"verdicts {shown(workspace.verdicts, where)} · metrics {shown(workspace.metrics, where)} · "
        f"pictures {shown(workspace.plots / 'evaluation', where)} · model {shown(workspace.models, where)}",
        f"MLflow run in {printable(shown_uri(tracking_uri))}, shown by `earmark ui`:"
        if is_database(tracking_uri)
        else "MLflow run:",
        run_page,
        f"next: earmark identify FILE{_model(workspace)}",
        "=" * WIDTH,
    ]
    return "\n".join(lines)


def _model(workspace: Workspace) -> str:
    """The option that names the model; the last one trained is taken without it."""
    if workspace.models == workspace.project / "models":
        return ""
    return f" --model {shlex.quote(shown(workspace.root, workspace.project))}"


def _row(name: str, metric: Mapping[str, float | None], remark: str = "") -> str:
    if metric["value"] is None:
        return f"{name:30} not measured"
    interval = f"{fixed(metric['low'])} to {fixed(metric['high'])}"
    return f"{name:30} {fixed(metric['value']):>8}    {interval:18} {remark}".rstrip()


def _matrix(verdicts: pd.DataFrame, labels: Sequence[str]) -> list[str]:
    test = verdicts[(verdicts.role == KNOWN) & (verdicts.split == "test")]
    matrix = confusion(test.label, test.nearest_label, labels)
    width = max(12, *(len(label) for label in labels)) + 1
    header = "test pieces, verdict →".ljust(24) + "".join(label.rjust(width) for label in labels)
    rows = [
        label.rjust(22).ljust(24) + "".join(f"{value:g}".rjust(width) for value in row)
        for label, row in zip(labels, matrix, strict=True)
    ]
    return [header, *rows]


def _strangest(verdicts: pd.DataFrame) -> list[str]:
    unknown = verdicts[verdicts.role == TEST]
    if unknown.empty:
        return []
    last = unknown.iloc[-1]
    name = f"{last.label}: {last.title}" if last.label else last.title
    return ["", f"farthest from everything known: {printable(name)} (distance {last.distance:.3f})"]
