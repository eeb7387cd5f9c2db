"""From a stage script's command line to the pipeline: what the thin Hydra apps in `stages/` share.

`python stages/train.py -cn frozen` (what dvc.yaml runs) executes that one stage in the checkout.
`python stages/train.py model=… trainer.seed=1` (the shell) applies overrides.yaml, then these
overrides, and runs the whole path through the store, writing below `runs/` only. A shell run of
`train` ends with `evaluate`: a model without a judgement answers no question.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError
from earmark.foundation.workspace import Workspace
from earmark.pipeline.settings.config import (
    config_error,
    register,
    standing_overrides,
    typed,
    workspace_overrides,
)

if TYPE_CHECKING:
    from omegaconf import DictConfig

FROZEN = "frozen"
MULTIRUN = {"-m", "--multirun"}
RUNNING_NOTHING = {"--help", "-h", "--hydra-help", "--version", "--cfg", "-c", "--info", "-i", "-sc"}


def launch(script: str) -> None:
    """Run the stage that the script is named after; a user's mistake ends in one line and status 1."""
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    stage = Path(script).stem
    workspace = Workspace.at(Path(script).resolve().parents[1])
    mistakes: list[EarmarkError] = []
    folder: Path | None = None

    def task(composed: DictConfig) -> float | None:
        job = HydraConfig.get()
        try:
            return _run(stage, composed, job, workspace)
        except (EarmarkError, OmegaConfBaseException) as error:
            error = error if isinstance(error, EarmarkError) else config_error(error)
            if _in_sweep(job):
                raise error  # Hydra marks this job as failed
            mistakes.append(error)
            return None

    register()
    for name in ("matplotlib", "PIL"):  # they remark on fonts and plugins
        logging.getLogger(name).setLevel(logging.WARNING)
    # Hydra's own handler prints tracebacks of our errors; it is asked to raise them instead.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    try:
        sys.argv[1:] = _arguments(stage, sys.argv[1:], workspace)
        folder = _own_folder(stage, sys.argv[1:])
        sys.argv += [f"{_folder_key(sys.argv)}='{folder.as_posix()}'"] if folder else []
        with _ending_sweep(workspace):
            hydra.main(version_base="1.3", config_path=str(workspace.conf), config_name="config")(task)()
        if mistakes:
            raise mistakes[0]
    except EarmarkError as error:
        _fail(stage, error)
    except (HydraException, OmegaConfBaseException) as error:
        _fail(stage, config_error(error))
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        if folder:
            with suppress(OSError):  # a mistake in the command line leaves it empty
                folder.rmdir()


def _run(stage: str, composed: DictConfig, job: Any, workspace: Workspace) -> float | None:
    """Run what the command line asks for.

    Returns:
        What a sweeper may search by: the validation score of an evaluated run, NaN where a job failed; None
        for a run without a model.
    """
    from earmark.pipeline import order

    if job.job.config_name == FROZEN or (stage == "compose" and not _own(job, workspace)):
        order.run_stage(stage, typed(composed), workspace)
        return None
    folder = Path(job.runtime.output_dir)
    # The overrides of the command line alone name the run; those of overrides.yaml hold for all runs.
    write_text(folder / "overrides.txt", "\n".join(_own(job, workspace)) + "\n")
    workspace = Workspace.at(workspace.project, folder)
    if stage not in order.EVALUATED:
        order.run(typed(composed), workspace, stage)
        return None
    if not _in_sweep(job):
        return _run_to_the_end(stage, composed, job, workspace)
    try:
        return _run_to_the_end(stage, composed, job, workspace)
    except Exception as error:
        # The others go on, whatever the sweeper; the sweep's end tells which failed, and why.
        (folder / "traceback.txt").write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        return float("nan")


def _run_to_the_end(stage: str, composed: DictConfig, job: Any, workspace: Workspace) -> float:
    """A run with a model, alone or a job of a sweep: its validation score."""
    from earmark.experiments import shell_run
    from earmark.experiments.sweep.folder import Sweep

    sweep = Sweep.read(Path(job.sweep.dir).resolve()) if _in_sweep(job) else None
    overrides = job.overrides.task
    try:
        config = typed(composed)
    except EarmarkError as error:
        experiment = sweep.experiment if sweep else str(composed.tracking.experiment)
        shell_run.record_failure(error, workspace, stage, overrides, experiment, sweep)
        raise
    joblib = sweep and job.launcher["_target_"].endswith(".JoblibLauncher")
    if joblib and config.executor.get("workers") == 0:
        config.executor["workers"] = 1  # the jobs share the cores
    return shell_run.run(config, workspace, stage, overrides, sweep)


def _ending_sweep(workspace: Workspace) -> AbstractContextManager[None]:
    if FROZEN in sys.argv:
        return nullcontext()
    from earmark.experiments.sweep.callback import ending

    return ending(workspace.project)


def _in_sweep(job: Any) -> bool:
    return job.mode is not None and job.mode.name == "MULTIRUN"


def _own(job: Any, workspace: Workspace) -> list[str]:
    """Overrides that are not those of overrides.yaml."""
    ground = workspace_overrides(workspace.overrides)
    return [item for item in job.overrides.task if item not in ground]


def _arguments(stage: str, arguments: list[str], workspace: Workspace) -> list[str]:
    """The command line with those overrides of overrides.yaml that it does not replace."""
    if FROZEN in arguments:
        return arguments
    # Hydra names a job after the module that calls it, which is this one.
    added = [
        f"hydra.job.name={stage}",
        *standing_overrides(workspace_overrides(workspace.overrides), arguments),
    ]
    if stage == "compose" and not arguments:  # as dvc.yaml has it: no run of its own, hence no folder
        added += ["hydra.run.dir=.", "hydra.output_subdir=null", "hydra/job_logging=stdout"]
    own = [item for item in arguments if not item.startswith("-") and re.match(r"[+~]|[^=]+=", item)]
    options = [item for item in arguments if item not in own]
    if any(re.fullmatch(r"sweep\.resume=(true|yes|on|1)", item, re.IGNORECASE) for item in own):
        if not MULTIRUN & set(options):
            raise EarmarkError("sweep.resume=true is for sweeps: add -m, and the overrides of the sweep")
        if not any(item.startswith("hydra.sweep.dir=") for item in own):
            from earmark.experiments.sweep.folder import find_sweep

            found = find_sweep(Path("runs"), stage, [*added, *own])
            added.append(f"hydra.sweep.dir='{found.folder.as_posix()}'")
    # Hydra takes overrides in one run after the options; later ones win.
    return [*options, *added, *own]


def _own_folder(stage: str, arguments: list[str]) -> Path | None:
    """Make the folder below runs/ for what this command runs, as conf/config.yaml names it.

    Where two begin in one second the second's ends in -2.

    Returns:
        The folder; None where nothing runs, or where another folder is asked for.
    """
    key = _folder_key(arguments)
    if FROZEN in arguments or RUNNING_NOTHING & set(arguments):
        return None
    if any(item.startswith(f"{key}=") for item in arguments):
        return None
    what = stage if key == "hydra.run.dir" else "sweep"
    day, time = datetime.now().strftime("%Y-%m-%d %H-%M-%S").split()
    Path("runs", day).mkdir(parents=True, exist_ok=True)
    for number in count(1):
        folder = Path("runs", day, f"{time}-{what}" + (f"-{number}" if number > 1 else ""))
        with suppress(FileExistsError):
            folder.mkdir()
            return folder


def _folder_key(arguments: list[str]) -> str:
    return "hydra.sweep.dir" if MULTIRUN & set(arguments) else "hydra.run.dir"


def _fail(stage: str, error: EarmarkError) -> None:
    print(f"{stage}: error: {error}", file=sys.stderr, flush=True)
    sys.exit(1)
