"""What a run is compared with: the range of the same settings over folds and seeds, `metrics/range.json`.

    python -m earmark.experiments.measured_range         compare metrics/evaluate.json with it, in one line
    python -m earmark.experiments.measured_range SWEEP   write it from a sweep, for example of
        python stages/train.py -m "split.fold=range(5)" split.seed=0,1,2

One run is one draw: which works are tested moves a score more than a library's last digit does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from earmark.experiments.sweep.folder import Sweep
from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError
from earmark.foundation.words import fixed
from earmark.foundation.workspace import Workspace
from earmark.pipeline.tracking.run_record import FINISHED

RANGE_FILE = "range.json"
METRICS = {
    "closed_set.balanced_accuracy": "balanced accuracy",
    "open_set.auroc": "AUROC of strangers",
    "open_set.unknown_rejected": "strangers called unknown",
    "selective.coverage": "coverage",
    "selective.risk": "risk",
}
DRAWN = (("split", "fold"), ("split", "seed"), ("trainer", "seed"))  # what varies between the runs
NO_RESULT = ("executor", "store", "sweep", "tracking")  # sections that change none
ROUNDING = 5e-7  # metrics have six digits


def measured_range(runs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, Any]:
    """Sum up runs.

    Args:
        runs: Settings (params.yaml) and metrics (evaluate.json) of each.

    Returns:
        The settings that they have in common; which folds and seeds were run; and of each of METRICS the
        mean, the lowest and the highest value.

    Raises:
        EarmarkError: There are none, or they differ in more than fold and seed.
    """
    if not runs:
        raise EarmarkError("there is no finished run to take a range of")
    shared = comparable(runs[0][0])
    for settings, _ in runs:
        if name := _difference(shared, comparable(settings)):
            raise EarmarkError(f"the runs differ in {name}: a range is over folds and seeds of one system")
    drawn = {".".join(path): sorted({settings[path[0]][path[1]] for settings, _ in runs}) for path in DRAWN}
    ranges = {}
    for name in METRICS:
        values = [value for _, metrics in runs if (value := _value(metrics, name)) is not None]
        if values:
            mean = round(sum(values) / len(values), 6)
            ranges[name] = {"mean": mean, "low": min(values), "high": max(values)}
    return {"runs": len(runs), "drawn": drawn, "metrics": ranges, "settings": shared}


def comparison(measured: Mapping[str, Any], settings: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Say in one line whether a run lies within a range.

    Args:
        measured: What `measured_range` returned.
        settings: Of the run: params.yaml.
        metrics: Of the run: evaluate.json.
    """
    if name := _difference(measured["settings"], comparable(settings)):
        return f"range: not compared: {RANGE_FILE} is of other settings, the first that differs is {name}"
    told, outside = [], []
    for name, word in METRICS.items():
        value, known = _value(metrics, name), measured["metrics"].get(name)
        if value is None or known is None:
            continue
        told.append(
            f"{word} {fixed(value)} ({fixed(known['low'])} to {fixed(known['high'])}, "
            f"mean {fixed(known['mean'])})"
        )
        if not known["low"] - ROUNDING <= value <= known["high"] + ROUNDING:
            outside.append(word)
    verdict = f"OUTSIDE in {' and '.join(outside)}" if outside else "within"
    return f"range of {measured['runs']} runs over folds and seeds: {verdict}: {', '.join(told)}"


def comparable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those settings that are the same in all runs of a range."""
    kept = {name: value for name, value in settings.items() if name not in NO_RESULT}
    for section, name in DRAWN:
        kept[section] = {key: value for key, value in kept.get(section, {}).items() if key != name}
    return kept


def _difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """The first setting in which two of `comparable` differ, for example `model.metre`; "" for none."""
    for section in sorted({*one, *other}):
        here, there = one.get(section), other.get(section)
        if here == there:
            continue
        if isinstance(here, Mapping) and isinstance(there, Mapping):
            return f"{section}.{min(key for key in {*here, *there} if here.get(key) != there.get(key))}"
        return section
    return ""


def _value(metrics: Mapping[str, Any], name: str) -> float | None:
    section, _, metric = name.partition(".")
    return metrics.get(section, {}).get(metric, {}).get("value")


def _result_of(workspace: Workspace) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and metrics of a run. Raises EarmarkError where it has none."""
    try:
        settings = yaml.safe_load(workspace.params.read_text(encoding="utf-8"))
        return settings, json.loads((workspace.metrics / "evaluate.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise EarmarkError(f"there is no run to compare: {error}") from error


def main(arguments: Sequence[str]) -> None:
    """Compare, or write the range of a sweep.

    Args:
        arguments: None, or the folder of a sweep.

    Raises:
        EarmarkError: There is no run, or no sweep.
    """
    here = Workspace.at(Path.cwd())
    file = here.metrics / RANGE_FILE
    if arguments:
        sweep = Sweep.read(Path(arguments[0]))
        if sweep is None:
            raise EarmarkError(f"{arguments[0]} is not the folder of a sweep")
        jobs = [folder for folder, record in sweep.jobs() if record.status == FINISHED]
        measured = measured_range([_result_of(Workspace.at(folder)) for folder in jobs])
        write_text(file, json.dumps(measured, indent=2) + "\n")
    if not file.is_file():
        print(f"range: not compared: there is no {RANGE_FILE}")
        return
    print(comparison(json.loads(file.read_text(encoding="utf-8")), *_result_of(here)))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except EarmarkError as error:
        raise SystemExit(f"range: {error}") from None
