"""`sweep.resume=true`: which sweep goes on, that no other process runs it, and which of its jobs are done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from earmark.experiments.sweep.folder import SWEEP_FILE, Sweep
from earmark.foundation.errors import EarmarkError
from earmark.pipeline.settings.config import override_key
from earmark.pipeline.settings.schema import Config
from earmark.pipeline.settings.without_effect import changes_results
from earmark.pipeline.tracking.run_record import FINISHED, RunRecord
from earmark.store import digest_settings

LOCK_FILE = ".sweep.lock"


def find_sweep(runs: Path, stage: str, overrides: Sequence[str]) -> Sweep:
    """The newest sweep below `runs` of these overrides.

    Args:
        runs: The folder with all runs.
        stage: The script of the sweep.
        overrides: Of the sweep's command line and overrides.yaml.

    Raises:
        EarmarkError: There is none.
    """
    folders = [file.parent for depth in ("*", "*/*") for file in runs.glob(f"{depth}/{SWEEP_FILE}")]
    wanted = lasting(overrides)
    matches = [
        sweep
        for folder in folders
        if (sweep := Sweep.read(folder)) and (sweep.stage, sweep.overrides) == (stage, wanted)
    ]
    if not matches:
        raise EarmarkError(
            f"sweep.resume=true: no sweep of {stage} below {runs} had the overrides {' '.join(wanted)}; "
            "repeat its command line as it was, or begin one without sweep.resume"
        )
    return max(matches, key=lambda sweep: sweep.started)


def lock_sweep(folder: Path) -> FileLock:
    """Lock the folder of a sweep for this process; the system releases the lock when the process ends.

    Args:
        folder: Made where it is missing.

    Returns:
        The lock, which is there as long as somebody has it.

    Raises:
        EarmarkError: Another process has it: it runs the sweep.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK_FILE, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise EarmarkError(
            f"another process runs the sweep in {folder}: let it end, or end it; what it did is kept"
        ) from error
    return lock


def lasting(overrides: Sequence[str]) -> tuple[str, ...]:
    """Overrides without those that say how to run: Hydra's own, and the section `sweep`."""
    transient = ("hydra", "sweep.")
    return tuple(item for item in overrides if not override_key(item).startswith(transient))


def is_done(record: RunRecord | None, config: Config) -> bool:
    """Tell whether a job of a resumed sweep finished with this config, so that it need not run again.

    Args:
        record: Of the job's folder; None where it never began.
        config: Of the job.
    """
    if record is None or not config.sweep.resume:
        return False
    return record.status == FINISHED and record.digest == config_digest(config)


def config_digest(config: Config) -> str:
    """A digest of all settings that a result depends on."""
    sections = config.as_dict().items()
    return digest_settings({name: section for name, section in sections if changes_results(name)})
