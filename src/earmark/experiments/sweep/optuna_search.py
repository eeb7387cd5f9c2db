"""A search by Optuna whose study lies in an SQLite file: a killed search can be continued.

One process works on a study at a time (a lock that ends with the process), so that a trial which still
runs when a search begins was killed: it is marked as failed, and its values are tried once more. A
trial that failed with an error counts as tried. A study notes what it searches (stage, fixed overrides,
space, direction); a search for something else is refused.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from filelock import FileLock, Timeout
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn
from optuna.distributions import distribution_to_json
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from earmark.experiments.sweep.search_space import SearchSpace, search_space
from earmark.foundation.atomic import write_text
from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.progress import say
from earmark.pipeline.settings.config import override_key
from earmark.pipeline.settings.without_effect import changes_results
from earmark.pipeline.tracking.sqlite import sqlite_uri

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from hydra_plugins.earmark_optuna.sweeper import OptunaSweeper

DIRECTIONS = ("maximize", "minimize")
ERROR, AGAIN, PURPOSE = "error", "again", "purpose"  # attributes of trials and of a study
BUSY_S = 60  # seconds that SQLite waits for another writer
Launch = Callable[[Sequence[Sequence[str]], int], Sequence[JobReturn]]


def search(
    settings: OptunaSweeper,
    parse: Callable[[list[str]], list[Override]],
    arguments: Sequence[str],
    launch: Launch,
) -> None:
    """Run trials until the study has `settings.n_trials` that ended by themselves.

    Args:
        settings: The sweeper, with the settings of conf/hydra/sweeper/optuna.yaml.
        parse: Hydra's parser of overrides.
        arguments: Overrides of the command line.
        launch: Runs jobs (lists of overrides), numbered from its second argument.

    Raises:
        EarmarkError: A setting is wrong, the study is of another search or in use, or no trial succeeded.
    """
    _check(settings)
    assert settings.config is not None  # Hydra calls setup before
    config = settings.config.hydra
    space = search_space(parse, arguments, settings.params)
    purpose = _purpose(config.job.name, space, settings.direction)
    name = settings.study_name or f"{config.job.name}-{hashlib.sha256(purpose.encode()).hexdigest()[:10]}"
    file = Path(settings.storage).expanduser().resolve()
    folder = Path(config.sweep.dir)
    _keep_config(settings.config, folder)
    with _alone(file, name):
        study = _open(file, name, settings.direction, purpose)
        tried = _tried(study)
        state = f"{len(tried)} of {settings.n_trials} trials are there" if tried else "new"
        say(f"search: study {name} in {settings.storage}, {state}")
        _retry_killed(study)
        study.sampler = _sampler(settings.sampler, len(study.trials))
        while len(tried) < settings.n_trials:
            count = min(settings.n_jobs, settings.n_trials - len(tried))
            trials = [study.ask(dict(space.varied)) for _ in range(count)]
            for batch in _batches(trials):
                results = launch([space.job(trial.params) for trial in batch], _job_number(batch[0]))
                for trial, result in zip(batch, results, strict=True):
                    _tell(study, trial, result)
            tried = _tried(study)
            _write_results(study, folder)
        _end(study, tried, settings, folder)


def _check(settings: OptunaSweeper) -> None:
    if settings.direction not in DIRECTIONS:
        raise EarmarkError(f"hydra.sweeper.direction={settings.direction}: it is {' or '.join(DIRECTIONS)}")
    for name in ("n_trials", "n_jobs"):
        value = getattr(settings, name)
        if not isinstance(value, int) or value < 1:
            raise EarmarkError(f"hydra.sweeper.{name}={value}: must be 1 or more")


def _purpose(stage: str, space: SearchSpace, direction: str) -> str:
    """What a study searches, as JSON; the order of overrides does not matter to it."""
    fixed = [item for item in space.fixed if changes_results(override_key(item))]
    varied = {
        key: json.loads(distribution_to_json(distribution)) for key, distribution in space.varied.items()
    }
    purpose = {
        "stage": stage,
        "fixed": sorted(fixed, key=override_key),
        "space": varied,
        "direction": direction,
    }
    return json.dumps(purpose, sort_keys=True)


@contextmanager
def _alone(file: Path, name: str) -> Iterator[None]:
    """Lock the study; the system releases the lock when the process ends, however that ends."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EarmarkError(f"hydra.sweeper.storage={file}: {describe(error)}") from error
    digest = hashlib.sha256(name.encode()).hexdigest()[:10]
    try:
        with FileLock(file.with_name(f".{file.name}.{digest}.lock"), timeout=0):
            yield
    except Timeout as error:
        raise EarmarkError(
            f"another process works on the study {name} of {file}: let it end, or give another "
            "hydra.sweeper.study_name"
        ) from error


def _open(file: Path, name: str, direction: str, purpose: str) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        # Processes that race to create a fresh database fail: one at a time.
        with FileLock(file.with_name(f".{file.name}.lock")):
            storage = optuna.storages.RDBStorage(
                sqlite_uri(file), engine_kwargs={"connect_args": {"timeout": BUSY_S}}
            )
            study = optuna.create_study(
                storage=storage,
                study_name=name,
                direction=StudyDirection[direction.upper()],
                load_if_exists=True,
            )
    except Exception as error:  # SQLAlchemy's, Alembic's and the disk's
        raise EarmarkError(f"the study {name} in {file} cannot be opened: {describe(error)}") from error
    if study.user_attrs.setdefault(PURPOSE, purpose) != purpose:
        raise EarmarkError(
            f"the study {name} of {file} is of other overrides, another space or direction: give another "
            "hydra.sweeper.study_name, or none"
        )
    study.set_user_attr(PURPOSE, purpose)
    return study


def _retry_killed(study: optuna.Study) -> None:
    """Mark trials that still run as failed, since they were killed; each is tried once more."""
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        if AGAIN not in trial.user_attrs:
            study.enqueue_trial(trial.params, user_attrs={AGAIN: trial.number})
            say(f"search: trial {trial.number} was killed; it is tried again")


def _tried(study: optuna.Study) -> list[FrozenTrial]:
    """Trials that ended by themselves, well or with an error."""
    return [
        trial
        for trial in study.get_trials(deepcopy=False)
        if trial.state == TrialState.COMPLETE or ERROR in trial.user_attrs
    ]


def _job_number(trial: Trial) -> int:
    """The number of a trial's job: for one that is tried again that of the killed trial, for its folder."""
    return trial.user_attrs.get(AGAIN, trial.number)


def _batches(trials: Sequence[Trial]) -> list[list[Trial]]:
    """Group trials whose job numbers are consecutive, as those of a launcher's jobs are."""
    batches: list[list[Trial]] = []
    for trial in trials:
        if batches and _job_number(trial) == _job_number(batches[-1][-1]) + 1:
            batches[-1].append(trial)
        else:
            batches.append([trial])
    return batches


def _sampler(node: Mapping[str, Any], trials: int) -> optuna.samplers.BaseSampler:
    """The sampler of the config; its seed changes with the trials, so that no random numbers are repeated."""
    from omegaconf import OmegaConf

    from earmark.foundation.targets import build

    settings: Any = OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else dict(node)
    if settings.get("seed") is not None:
        settings["seed"] += trials
    return build(settings, "hydra.sweeper.sampler")


def _tell(study: optuna.Study, trial: Trial, result: JobReturn) -> None:
    try:
        value = result.return_value
    except Exception as error:  # what the job raised
        value, why = float("nan"), describe(error)
    else:
        why = "it gave no score"
    if value is None:
        raise EarmarkError(
            "there is no score to search by: a search is for stages/train.py and stages/evaluate.py"
        )
    if math.isfinite(value):
        study.tell(trial, float(value))
        best = study.best_trial
        say(f"search: trial {trial.number} has {value:.4f}; best {best.value:.4f}, trial {best.number}")
        return
    trial.set_user_attr(ERROR, why)
    study.tell(trial, state=TrialState.FAIL)
    say(f"search: trial {trial.number} failed: {why}")


def _best(study: optuna.Study) -> FrozenTrial | None:
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return study.best_trial if complete else None


def _keep_config(config: DictConfig, folder: Path) -> None:
    from omegaconf import OmegaConf

    # As Hydra's own sweeper does.
    write_text(folder / "multirun.yaml", OmegaConf.to_yaml(config))


def _write_results(study: optuna.Study, folder: Path) -> None:
    """Write the best so far into optimization_results.yaml, as Hydra's sweepers do."""
    import yaml

    if best := _best(study):
        results = {
            "name": "optuna",
            "study": study.study_name,
            "best_evaluated_params": best.params,
            "best_evaluated_value": best.value,
        }
        write_text(folder / "optimization_results.yaml", yaml.safe_dump(results, sort_keys=False))


def _end(study: optuna.Study, tried: Sequence[FrozenTrial], settings: OptunaSweeper, folder: Path) -> None:
    failed = [trial for trial in tried if trial.state != TrialState.COMPLETE]
    best = _best(study)
    if best is None:
        raise EarmarkError(f"all {len(failed)} trials failed, the last: {failed[-1].user_attrs[ERROR]}")
    _write_results(study, folder)
    values = " ".join(f"{key}={value}" for key, value in best.params.items())
    say(f"search: {len(tried)} trials, {len(failed)} failed")
    say(f"search: best {best.value:.4f}, trial {best.number}: {values}")
    say(f"search: for more of them hydra.sweeper.n_trials={2 * settings.n_trials}")
