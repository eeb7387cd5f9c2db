"""The end of a sweep, whatever ended it: its results are summed up, and its MLflow run ends."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import yaml

from earmark.evaluation.metric_table import FoldResult
from earmark.evaluation.pooling import FOLD
from earmark.evaluation.verification import TRIALS_FILE
from earmark.experiments.sweep.aggregate import Aggregate, Job, aggregates, best
from earmark.experiments.sweep.folder import Sweep
from earmark.experiments.sweep.summary_table import rows, show
from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.progress import say
from earmark.foundation.words import printable, shown
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import KNOWN, read_table, write_table
from earmark.pipeline.settings.config import override_key
from earmark.pipeline.tracking.provenance import data_hash
from earmark.pipeline.tracking.run_record import FAILED, FINISHED, KILLED, RUNNING, RunRecord

if TYPE_CHECKING:
    from earmark.pipeline.tracking.tracker import Tracker

Jobs = list[tuple[Path, RunRecord]]


def finish(sweep: Sweep, project: Path, error: BaseException | None) -> None:
    """Sum up the sweep and end its run in MLflow; failed jobs are named on stderr, a line each.

    Args:
        sweep: The sweep.
        project: The checkout.
        error: What ended the sweep before its time; None where all jobs were run.

    Raises:
        EarmarkError: Jobs failed.
    """
    from earmark.pipeline.tracking.server import refusals
    from earmark.pipeline.tracking.tracker import Tracker

    tracker = Tracker(Workspace.at(project, sweep.folder), sweep.experiment)
    with refusals(tracker.uri):
        _finish(sweep, project, error, tracker)


def _finish(sweep: Sweep, project: Path, error: BaseException | None, tracker: Tracker) -> None:
    _mark_killed_jobs(tracker, sweep)
    jobs = sweep.jobs()
    finished = [job for job in jobs if job[1].status == FINISHED]
    failed = [job for job in jobs if job[1].status != FINISHED]
    if isinstance(error, KeyboardInterrupt):
        tracker.end(sweep.parent, KILLED, describe(error))
        say(f"sweep: {len(finished)} jobs are finished; the same command with sweep.resume=true goes on")
        return
    configurations = aggregates([_job(sweep, folder, record) for folder, record in finished])
    if configurations:
        hashes = dict.fromkeys(data_hash(Workspace.at(folder).pieces) for folder, _ in finished)
        tracker.tag(sweep.parent, data=" ".join(hashes))
        _sum_up(sweep, configurations, tracker, project)
        _log_best_bundles(best(configurations), finished, tracker)
    for folder, record in failed:
        name = sweep.job_name(record.overrides)
        print(
            f"{sweep.stage}: job {folder.name} ({printable(name)}) failed: {printable(record.error)}",
            file=sys.stderr,
            flush=True,
        )
    message = describe(error) if error else f"{len(failed)} of {len(jobs)} jobs failed" if failed else ""
    tracker.end(sweep.parent, FINISHED if finished and not error else FAILED, message)
    if failed and not error:
        raise EarmarkError(f"{message}; the same command with sweep.resume=true does these again")


def _mark_killed_jobs(tracker: Tracker, sweep: Sweep) -> None:
    """End the runs of jobs whose processes were killed: nothing else ends these."""
    for folder, record in sweep.jobs():
        if record.status == RUNNING:
            tracker.end(record.run_id, KILLED)
            replace(record, status=KILLED, error="killed").write(Workspace.at(folder).run_file)


def _job(sweep: Sweep, folder: Path, record: RunRecord) -> Job:
    workspace = Workspace.at(folder)
    settings = yaml.safe_load(workspace.params.read_text(encoding="utf-8"))
    verdicts = read_table(workspace.verdicts)
    trials = workspace.plots / "evaluation" / TRIALS_FILE
    return Job(
        number=folder.name,
        configuration=tuple(item for item in sweep.varying(record.overrides) if override_key(item) != FOLD),
        metrics=json.loads((workspace.metrics / "evaluate.json").read_text(encoding="utf-8")),
        result=FoldResult(
            fold=str(settings["split"]["fold"]),
            verdicts=verdicts,
            trials=read_table(trials) if trials.is_file() else None,
        ),
        labels=settings["data"]["labels"] or sorted(verdicts[verdicts.role == KNOWN].label.unique()),
        score=float("nan") if record.score is None else record.score,
        resamples=settings["evaluate"]["resamples"],
        seed=settings["evaluate"]["seed"],
    )


def _sum_up(sweep: Sweep, configurations: list[Aggregate], tracker: Tracker, project: Path) -> None:
    """Write aggregate.csv, aggregate.json and confusion matrices, log them to MLflow, and print a table."""
    from earmark.evaluation.plots import confusion_picture

    table = rows(configurations, best(configurations))
    folder = sweep.folder / "aggregate"
    write_table(pd.DataFrame(table), folder / "aggregate.csv")
    write_text(folder / "aggregate.json", json.dumps(table, indent=2) + "\n")
    for number, one in enumerate(configurations):
        file = folder / f"confusion_{number}"
        matrix = pd.DataFrame(
            [dict(zip(one.labels, row, strict=True)) for row in one.matrix.astype(int).tolist()]
        )
        matrix.insert(0, "label", list(one.labels))
        write_table(matrix, file.with_suffix(".csv"))
        confusion_picture(one.matrix, one.labels, f"test pieces, {one.name}", file.with_suffix(".png"))
    tracker.log_files(sweep.parent, "aggregate", folder)
    numbers = ("mean", "pooled", "low", "high", "validation")
    for number, row in enumerate(table):
        values = {name: row[name] for name in numbers}
        places = [metric_name(row["configuration"]), *(["best"] if row["best"] else [])]
        for place in places:
            tracker.log_metrics(sweep.parent, {f"{place}/{name}": value for name, value in values.items()})
        if row["best"]:
            tracker.tag(sweep.parent, best=row["configuration"], best_confusion=f"confusion_{number}.png")
    title = f"sweep {shown(sweep.folder, project)}\nMLflow: {tracker.page(sweep.parent)}"
    show(table, title, sweep.shared(sweep.jobs()[0][1].overrides))


def metric_name(configuration: str) -> str:
    """A configuration as a name that MLflow allows for metrics: `model:a x:1` of `model=a, x=1`."""
    return re.sub(r"[^\w\-. :/]", "_", configuration.replace("=", ":").replace(", ", " "))[:200]


def _log_best_bundles(chosen: Aggregate | None, finished: Jobs, tracker: Tracker) -> None:
    for folder, record in finished:
        if chosen and folder.name in chosen.jobs and record.log_bundle == "best":
            tracker.log_files(record.run_id, "bundle", Workspace.at(folder).models)
