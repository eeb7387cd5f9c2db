"""Publish a bundle in MLflow's model registry: as a new version, which takes the alias if it is best."""

from __future__ import annotations

import logging
import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earmark import __version__
from earmark.bundle import Bundle, bundle_hash
from earmark.experiments.registry.stated_evaluation import StatedEvaluation
from earmark.foundation.errors import EarmarkError, describe
from earmark.foundation.workspace import Workspace
from earmark.music.catalog import write_table
from earmark.pipeline.tracking.sqlite import shown_uri
from earmark.pipeline.tracking.tracker import BUNDLE_TAG, Tracker

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.models.model import ModelInfo

SCRIPT = Path(__file__).with_name("pyfunc_script.py")
QUIET = {"MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
EXPERIMENT = "earmark"  # of the run that stands for a bundle's training where that is not known
SCORE_TAG, TEST_TAG, COUNT_TAG = (
    "earmark.balanced_accuracy",
    "earmark.test_pieces",
    "earmark.test_piece_count",
)


@dataclass(frozen=True)
class Published:
    """A new version.

    Attributes:
        version: Its number.
        run_id: The MLflow run that it belongs to.
        uri: The server, or the database's file.
        bundle: The bundle's hash.
        aliased: Whether the alias points to it now.
        reason: Why, or why not, in one line.
    """

    version: str
    run_id: str
    uri: str
    bundle: str
    aliased: bool
    reason: str


def publish_bundle(folder: Path, name: str, alias: str, force: bool, workspace: Workspace) -> Published:
    """Register the bundle in `folder` as a version of the model `name`, and give it the alias if it is best.

    Args:
        folder: The bundle's folder; its evaluation lies beside it.
        name: The registered model, made where it is missing.
        alias: What the best version is called.
        force: Publish it also where it is not better than its control, and give it the alias where a
            comparison with the version that has it is not possible.
        workspace: The checkout whose mlflow.db is used where MLFLOW_TRACKING_URI is not set.

    Raises:
        EarmarkError: The bundle, its evaluation, the names or the server are not usable, or the model is not
            better than its control.
    """
    if not re.fullmatch(r"[\w-]+", alias) or re.fullmatch(r"latest|v\d+", alias, re.IGNORECASE):
        raise EarmarkError(f"the alias {alias!r} is not possible: letters, digits, - and _, not latest or v1")
    bundle = Bundle.load(folder)
    evaluation = StatedEvaluation.beside(folder, bundle)
    if evaluation is None and not force:
        raise EarmarkError(
            f"{folder} is not evaluated: no metrics/evaluate.json and data/verdicts.csv with a test beside "
            "it; evaluate it, or --force"
        )
    if evaluation is not None and not force:
        _check_worth(folder, evaluation)
    tracker = Tracker(workspace, EXPERIMENT)
    digest = bundle_hash(folder)
    with _one_line(shown_uri(tracker.uri)), _quiet():
        holder = _aliased_version(tracker.client, name, alias)
        aliased, reason = decide_alias(evaluation, holder, force)
        run_id = _training_run(tracker, digest)
        tags = {BUNDLE_TAG: digest, **_tags_of(bundle, evaluation)}
        version = _register(tracker.client, folder, bundle, evaluation, name, run_id, tags)
        if aliased:
            tracker.client.set_registered_model_alias(name, alias, version)
    return Published(version, run_id, shown_uri(tracker.uri), digest, aliased, reason)


def _check_worth(folder: Path, evaluation: StatedEvaluation) -> None:
    """Raise EarmarkError where the model is not better than what instruments, duration and density tell."""
    score, control = evaluation.balanced_accuracy, evaluation.control
    if control is not None and score <= control < 1:
        raise EarmarkError(
            f"{folder}: the model (balanced accuracy {score:.3f}) is not better than its control "
            f"({control:.3f}), which sees no pitch and no rhythm: --force publishes it all the same"
        )


def decide_alias(
    evaluation: StatedEvaluation | None, holder: ModelVersion | None, force: bool
) -> tuple[bool, str]:
    """Whether a new version takes the alias, and why in one line.

    Args:
        evaluation: Of its bundle; None where that was not evaluated.
        holder: The version that has the alias; None where none has.
        force: Take it where the two cannot be compared.
    """
    score = f"{evaluation.balanced_accuracy:.6f}" if evaluation else None
    if holder is None:
        quality = (
            f"balanced accuracy {score}, {len(evaluation.verdicts)} test pieces"
            if evaluation
            else "not evaluated"
        )
        return True, f"no version had it before ({quality})"
    held, test = holder.tags.get(SCORE_TAG), holder.tags.get(TEST_TAG)
    other = f"version {holder.version}"
    if evaluation is None or held is None or test != evaluation.test_pieces:
        if evaluation is None:
            why = "this bundle was not evaluated"
        elif held is None:
            why = f"{other} was not evaluated"
        else:
            count = holder.tags.get(COUNT_TAG, "?")
            why = f"the test pieces differ ({len(evaluation.verdicts)} here, {count} of {other})"
        return force, f"{why}: {'forced' if force else 'no comparison, --force takes it'}"
    if evaluation.balanced_accuracy > float(held):
        return True, f"balanced accuracy {score} beats {held} of {other} on the same test pieces"
    return False, f"balanced accuracy {score} does not beat {held} of {other} on the same test pieces"


def _tags_of(bundle: Bundle, evaluation: StatedEvaluation | None) -> dict[str, str]:
    tags = {"earmark.version": __version__, "earmark.decision": bundle.decision.kind}
    if evaluation is None:
        return tags
    return {
        **tags,
        SCORE_TAG: f"{evaluation.balanced_accuracy:.6f}",
        TEST_TAG: evaluation.test_pieces,
        COUNT_TAG: str(len(evaluation.verdicts)),
    }


def _aliased_version(client: MlflowClient, name: str, alias: str) -> ModelVersion | None:
    """The version that has the alias, or None; the registered model is made where it is missing."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
        return None
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    if alias not in client.get_registered_model(name).aliases:
        return None
    return client.get_model_version_by_alias(name, alias)


def _training_run(tracker: Tracker, digest: str) -> str:
    """The latest run of any experiment that made the bundle; a new one where the server knows none."""
    experiments = [experiment.experiment_id for experiment in tracker.client.search_experiments()]
    runs = tracker.client.search_runs(
        experiments,
        f"tags.`{BUNDLE_TAG}` = '{digest}'",
        order_by=["attributes.start_time DESC"],
        max_results=1,
    )
    if runs:
        return runs[0].info.run_id
    with tracker.run(f"published {digest[:12]}", {"earmark.stage": "publish", BUNDLE_TAG: digest}) as run_id:
        return run_id


def _register(
    client: MlflowClient,
    folder: Path,
    bundle: Bundle,
    evaluation: StatedEvaluation | None,
    name: str,
    run_id: str,
    tags: Mapping[str, str],
) -> str:
    """Log the model into the run, make a version of it; the version's number."""
    import mlflow

    before = client.get_run(run_id).info
    with tempfile.TemporaryDirectory(prefix="earmark-") as scratch:
        artifacts = {"bundle": folder.resolve().as_uri()}
        if evaluation is not None:
            write_table(evaluation.verdicts, Path(scratch) / "verdicts.csv")
            artifacts["verdicts"] = (Path(scratch) / "verdicts.csv").as_uri()
        with mlflow.start_run(run_id=run_id):
            logged = log_model(bundle, artifacts, name=name)
    # Publishing is not part of the training: the run keeps its status and end.
    client.set_terminated(run_id, status=before.status, end_time=before.end_time)
    version = client.create_model_version(
        name, source=logged.model_uri, run_id=run_id, tags=dict(tags), model_id=logged.model_id
    )
    return str(version.version)


def log_model(bundle: Bundle, artifacts: Mapping[str, str], name: str) -> ModelInfo:
    """Log a bundle as an MLflow model into the active run.

    Args:
        bundle: The bundle.
        artifacts: Its files, see `model_arguments`.
        name: The model's.

    Returns:
        MLflow's description of it.
    """
    import mlflow

    return mlflow.pyfunc.log_model(**model_arguments(bundle, artifacts), name=name)


def model_arguments(bundle: Bundle, artifacts: Mapping[str, str]) -> dict[str, Any]:
    """What MLflow needs to keep the bundle as a model: for `log_model` and `save_model` alike.

    Args:
        bundle: The bundle.
        artifacts: URIs: `bundle`, its folder; `verdicts`, a table, where it was evaluated.
    """
    from earmark.experiments.registry.schema import input_example, signature

    return {
        "python_model": str(SCRIPT),
        "artifacts": dict(artifacts),
        "signature": signature(),
        "input_example": input_example(bundle.settings),
        "pip_requirements": [f"earmark=={__version__}"],
    }


@contextmanager
def _one_line(uri: str) -> Iterator[None]:
    """What MLflow raises as an EarmarkError of one line."""
    try:
        yield
    except EarmarkError:
        raise
    except Exception as error:  # MLflow raises its own, the server's and the disk's
        raise EarmarkError(f"MLflow at {uri} refuses: {describe(error)}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's advice, progress bars and links from the screen."""
    logger = logging.getLogger("mlflow")
    level, before = logger.level, {name: os.environ.get(name) for name in QUIET}
    logger.setLevel(logging.ERROR)
    os.environ.update(QUIET)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
