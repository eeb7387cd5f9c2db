"""The beginning and end of a sweep: its MLflow run is made once, before its jobs start.

Hydra calls back at the end only where no job and no worker failed: `ending` ends a sweep in any case.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf.errors import OmegaConfBaseException

from earmark.experiments.sweep.folder import Sweep
from earmark.experiments.sweep.resume import lasting, lock_sweep
from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.workspace import Workspace
from earmark.pipeline.order import EVALUATED
from earmark.pipeline.settings.config import override_key

if TYPE_CHECKING:
    from filelock import FileLock
    from omegaconf import DictConfig

# A config that cannot be composed, and errors with earmark's own message: they need no traceback.
EXPECTED_ERRORS = (EarmarkError, HydraException, OmegaConfBaseException)


class SweepRefused(BaseException):
    """A sweep could not be opened, for the reason `error`.

    Not derived from Exception: Hydra turns each Exception of a callback into a warning.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


class SweepCallback(Callback):
    """Opens the sweep's run.

    Attributes:
        opened: The sweep that `ending` has to end.
        lock: Of its folder, which `ending` releases.
    """

    opened: ClassVar[Sweep | None] = None
    lock: ClassVar[FileLock | None] = None

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Open the sweep, if its jobs are evaluated.

        Args:
            config: Hydra's, of the whole multirun.

        Raises:
            SweepRefused: It cannot be opened.
        """
        if config.hydra.job.name not in EVALUATED:
            return
        try:
            SweepCallback.lock = lock_sweep(Path(config.hydra.sweep.dir).resolve())
            SweepCallback.opened = open_sweep(config)
        except Exception as error:
            raise SweepRefused(error) from error


@contextmanager
def ending(project: Path) -> Iterator[None]:
    """End the sweep that Hydra opens inside, however Hydra ends.

    Args:
        project: The checkout.

    Raises:
        EarmarkError: The sweep could not be opened, jobs of it failed, or a worker process died.
    """
    SweepCallback.opened = SweepCallback.lock = None
    try:
        with _finishing(project):
            yield
    finally:
        if SweepCallback.lock is not None:
            SweepCallback.lock.release()


@contextmanager
def _finishing(project: Path) -> Iterator[None]:
    try:
        yield
    except SweepRefused as refused:
        raise refused.error from None
    except BaseException as error:
        _finish(project, error)
        if (
            SweepCallback.opened is None
            or not isinstance(error, Exception)
            or isinstance(error, EXPECTED_ERRORS)
        ):
            raise
        file = SweepCallback.opened.folder / "traceback.txt"
        write_text(file, "".join(traceback.format_exception(error)))
        raise EarmarkError(
            f"the sweep ended before its time: {describe(error)} (see {file}); "
            "the same command with sweep.resume=true goes on"
        ) from error
    _finish(project, None)


def _finish(project: Path, error: BaseException | None) -> None:
    if SweepCallback.opened is not None:
        from earmark.experiments.sweep.summing_up import finish

        finish(SweepCallback.opened, project, error)


def open_sweep(config: DictConfig) -> Sweep:
    """Make the sweep's run in MLflow and its folder; a resumed sweep has both.

    Args:
        config: Hydra's, of the whole multirun.

    Raises:
        EarmarkError: MLflow cannot be used, or has no run of the sweep to resume.
    """
    from earmark.pipeline.tracking.run_name import tags
    from earmark.pipeline.tracking.tracker import Tracker

    project = Path(
        next(source.path for source in config.hydra.runtime.config_sources if source.provider == "main")
    ).parent
    folder = Path(config.hydra.sweep.dir).resolve()
    workspace = Workspace.at(project, folder)
    resumed = Sweep.read(folder) if config.sweep.resume else None
    if resumed:
        Tracker(workspace, resumed.experiment).reopen(resumed.parent)
        return resumed
    stage, task_overrides = config.hydra.job.name, list(config.hydra.overrides.task)
    constant, first = constant_and_first(task_overrides)
    overrides = lasting(task_overrides)
    tracker = Tracker(workspace, _experiment(config, first))
    varying = [item for item in overrides if override_key(item) not in constant]
    name = f"sweep: {', '.join(varying) or 'default'}"
    parent = tracker.begin(name, {**tags(workspace, stage, overrides), "earmark.sweep": folder.name})
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    sweep = Sweep(folder, stage, overrides, tuple(constant), tracker.experiment, parent, started)
    sweep.write()
    return sweep


def constant_and_first(overrides: Sequence[str]) -> tuple[list[str], list[str]]:
    """What the overrides of a sweep have in common, and where it begins.

    Args:
        overrides: In Hydra's notation.

    Returns:
        The keys that do not vary, and the overrides of the first job of a grid.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    constant, first = [], []
    for item in OverridesParser.create().parse_overrides(list(overrides)):
        if not item.is_sweep_override():
            constant.append(override_key(str(item.input_line)))
            first.append(item.input_line)
        elif item.is_discrete_sweep():
            first.append(f"{item.get_key_element()}={next(iter(item.sweep_string_iterator()))}")
    return constant, first


def _experiment(config: DictConfig, first: Sequence[str]) -> str:
    """The MLflow experiment of the first job, in which all jobs are kept."""
    from hydra import compose

    try:
        return compose(config_name="config", overrides=list(first)).tracking.experiment
    except (HydraException, OmegaConfBaseException):
        return config.tracking.experiment  # the job itself will fail with the reason
