"""Where Hydra begins a sweep: its MLflow run is made once, before jobs race to a fresh database.

The end is not left to Hydra, which calls back only where no job and no worker failed: see `finish`.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from hydra.errors import HydraException
from hydra.experimental.callback import Callback
from omegaconf.errors import OmegaConfBaseException

from earmark.experiments.sweep.folder import Sweep, lasting
from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.workspace import Workspace
from earmark.pipeline.order import EVALUATED
from earmark.pipeline.settings.config import override_key

# A config that cannot be composed, and what earmark itself says: these lines need no traceback.
OURS = (EarmarkError, HydraException, OmegaConfBaseException)


class SweepRefused(BaseException):
    """A sweep that could not be opened, for the reason `error`.

    No Exception: Hydra makes a warning of each that a callback raises.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


class SweepCallback(Callback):
    """Opens the sweep's run; `opened` tells `launch` which sweep it has to end."""

    opened: ClassVar[Sweep | None] = None

    def on_multirun_start(self, config: Any, **_: Any) -> None:
        """Open the sweep, where its jobs are evaluated.

        Raises:
            SweepRefused: It cannot be opened.
        """
        if config.hydra.job.name not in EVALUATED:
            return
        try:
            SweepCallback.opened = _open(config)
        except Exception as error:
            raise SweepRefused(error) from error


@contextmanager
def ending(project: Path) -> Iterator[None]:
    """However Hydra's work inside ends, the sweep that it opened ends, too.

    Raises EarmarkError where the sweep could not be opened, jobs of it failed, or a worker process died.
    """
    SweepCallback.opened = None
    try:
        yield
    except SweepRefused as refused:
        raise refused.error from None
    except BaseException as error:
        _finish(project, error)
        if SweepCallback.opened is None or not isinstance(error, Exception) or isinstance(error, OURS):
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
        from earmark.experiments.sweep.finish import finish

        finish(SweepCallback.opened, project, error)


def _open(config: Any) -> Sweep:
    from earmark.pipeline.tracking.run_name import tags
    from earmark.pipeline.tracking.tracker import Tracker

    project = Path(
        next(source.path for source in config.hydra.runtime.config_sources if source.provider == "main")
    ).parent
    folder = Path(config.hydra.sweep.dir).resolve()
    workspace = Workspace.at(project, folder)
    found = Sweep.read(folder) if config.sweep.resume else None
    if found:
        Tracker(workspace, found.experiment).reopen(found.parent)
        return found
    stage, given = config.hydra.job.name, list(config.hydra.overrides.task)
    constant, first = _parsed(given)
    overrides = lasting(given)
    tracker = Tracker(workspace, _experiment(config, first))
    varying = [item for item in overrides if override_key(item) not in constant]
    name = f"sweep: {', '.join(varying) or 'default'}"
    parent = tracker.begin(name, {**tags(workspace, stage, overrides), "earmark.sweep": folder.name})
    started = datetime.now(UTC).isoformat(timespec="milliseconds")
    sweep = Sweep(folder, stage, overrides, tuple(constant), tracker.experiment, parent, started)
    sweep.write()
    return sweep


def _parsed(overrides: Sequence[str]) -> tuple[list[str], list[str]]:
    """Keys of the overrides that do not vary, and the overrides of the first job of a grid."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    constant, first = [], []
    for item in OverridesParser.create().parse_overrides(list(overrides)):
        if not item.is_sweep_override():
            constant.append(override_key(str(item.input_line)))
            first.append(item.input_line)
        elif item.is_discrete_sweep():
            first.append(f"{item.get_key_element()}={next(iter(item.sweep_string_iterator()))}")
    return constant, first


def _experiment(config: Any, first: Sequence[str]) -> str:
    """The MLflow experiment of the first job: all are kept beside each other there."""
    from hydra import compose

    try:
        return compose(config_name="config", overrides=list(first)).tracking.experiment
    except (HydraException, OmegaConfBaseException):
        return config.tracking.experiment  # that job will say what is wrong
