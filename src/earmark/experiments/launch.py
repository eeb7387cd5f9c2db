"""From a stage script's command line to the pipeline: what the thin Hydra apps in `stages/` share.

`python stages/train.py -cn frozen` (what dvc.yaml runs) executes that one stage in the checkout.
`python stages/train.py model=… trainer.seed=1` (the shell) applies overrides.yaml, then these
overrides, and runs the whole path through the store, writing below `runs/` only. A shell run of
`train` also evaluates the model.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earmark.experiments.command_line import (
    FROZEN,
    added_overrides,
    folder_key,
    hydra_arguments,
    make_run_folder,
)
from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError, disk_fault
from earmark.foundation.orphan import end_with
from earmark.foundation.words import never_refuse
from earmark.foundation.workspace import Workspace
from earmark.pipeline.settings.config import config_error, register, typed, unreadable_yaml

if TYPE_CHECKING:
    from omegaconf import DictConfig

# What `dvc repro` begins with where settings or music have changed; what takes hours comes after these.
FIRST_STAGES = ("compose", "ingest")
PATIENCE_S = 20  # that a stage has to end when dvc was killed


def launch(script: str) -> None:
    """Run the stage that the script is named after; a user's mistake ends in one line and status 1.

    Ctrl-C ends in status 130 from the first import on.

    Args:
        script: The file of the script, in `stages/` of the checkout.
    """
    try:
        _launch(script)
    except KeyboardInterrupt:
        sys.exit(130)


def _launch(script: str) -> None:
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    stage = Path(script).stem
    workspace = Workspace.at(Path(script).resolve().parents[1])
    mistakes: list[EarmarkError] = []  # of a single run
    folder: Path | None = None

    main = os.getpid()

    def task(composed: DictConfig) -> float | None:
        job = HydraConfig.get()
        if job.launcher["_target_"].endswith(".JoblibLauncher"):
            end_with(main)  # this is one of its workers
        try:
            return _run(stage, composed, job, workspace)
        except (EarmarkError, OmegaConfBaseException) as error:
            error = error if isinstance(error, EarmarkError) else config_error(error)
            if _in_sweep(job):
                raise error  # Hydra marks this job as failed
            mistakes.append(error)
            return None

    register()
    never_refuse()
    _end_in_order()
    if "DVC_STAGE" in os.environ:
        end_with(os.getppid(), PATIENCE_S)
    for name in ("matplotlib", "PIL"):  # they remark on fonts and plugins
        logging.getLogger(name).setLevel(logging.WARNING)
    # Hydra's own handler prints tracebacks of our errors; it is asked to raise them instead.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    try:
        sys.argv[1:] = hydra_arguments(stage, sys.argv[1:], workspace)
        folder = make_run_folder(stage, sys.argv[1:], datetime.now())
        sys.argv += [f"{folder_key(sys.argv)}='{folder.as_posix()}'"] if folder else []
        with _ending_sweep(workspace):
            hydra.main(version_base="1.3", config_path=str(workspace.conf), config_name="config")(task)()
        if mistakes:
            raise mistakes[0]
    except EarmarkError as error:
        _fail(stage, error)
    except (HydraException, OmegaConfBaseException) as error:
        _fail(stage, config_error(error))
    except YAMLError as error:
        _fail(stage, unreadable_yaml(error))
    except Exception as error:
        fault = disk_fault(error)
        if not fault:
            raise
        _fail(stage, EarmarkError(fault))
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

    added = added_overrides(job.overrides.task, workspace)
    if job.job.config_name == FROZEN or (stage == "compose" and not added):
        config = typed(composed)
        if stage in FIRST_STAGES:
            from earmark.pipeline.tracking.experiment import check_experiment

            check_experiment(workspace, config.tracking.experiment)
        order.run_stage(stage, config, workspace)
        return None
    folder = Path(job.runtime.output_dir)
    # The overrides of the command line alone name the run; those of overrides.yaml hold for all runs.
    write_text(folder / "overrides.txt", "\n".join(added) + "\n")
    workspace = Workspace.at(workspace.project, folder)
    if stage not in order.EVALUATED:
        order.run(typed(composed), workspace, stage)
        return None
    if not _in_sweep(job):
        return _run_to_the_end(stage, composed, job, workspace)
    try:
        return _run_to_the_end(stage, composed, job, workspace)
    except Exception as error:
        # The other jobs go on, whatever the sweeper; `finish` names the failed ones and their errors.
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
    """The context that ends the sweep that Hydra opens inside; nothing for what dvc runs."""
    if FROZEN in sys.argv:
        return nullcontext()
    from earmark.experiments.sweep.callback import ending

    return ending(workspace.project)


def _in_sweep(job: Any) -> bool:
    return job.mode is not None and job.mode.name == "MULTIRUN"


def _end_in_order() -> None:
    """Let what asks a process to end (kill, a closed terminal, a cluster) end a run as Ctrl-C does."""
    for kind in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(kind) == signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(kind, signal.default_int_handler)


def _fail(stage: str, error: EarmarkError) -> None:
    print(f"{stage}: error: {error}", file=sys.stderr, flush=True)
    sys.exit(1)
