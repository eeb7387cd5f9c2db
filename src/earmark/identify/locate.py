"""Which bundle: a folder, an MLflow URI, or the last one that was trained here."""

from __future__ import annotations

import os
import re
from pathlib import Path

from earmark.foundation.errors import EarmarkError, describe

BUNDLE_FILE = "bundle.yaml"
MLFLOW_URI = re.compile(r"^(models|runs|mlflow-artifacts):/")


def find_bundle(model: str, scratch: Path) -> Path:
    """The folder of the bundle that `model` names; "" for the last one trained in this checkout.

    scratch: where a bundle from MLflow is downloaded to. Raises EarmarkError where there is none.
    """
    if not model:
        return _latest()
    if MLFLOW_URI.match(model):
        return _downloaded(model, scratch)
    folder = Path(model).expanduser()
    if (folder / BUNDLE_FILE).is_file():
        return folder
    if (folder / "models" / BUNDLE_FILE).is_file():  # the folder of a run
        return folder / "models"
    raise EarmarkError(f"{model} is not a bundle: a folder with {BUNDLE_FILE}, or models:/NAME@champion")


def _latest() -> Path:
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "dvc.yaml").is_file() and (folder / "conf").is_dir():
            found = [*folder.glob(f"models/{BUNDLE_FILE}"), *folder.glob(f"runs/**/models/{BUNDLE_FILE}")]
            if found:
                return max(found, key=lambda path: path.stat().st_mtime).parent
            raise EarmarkError(f"no model has been trained in {folder} yet: dvc repro, or --model BUNDLE")
    raise EarmarkError(
        "which model? Outside of a checkout say --model BUNDLE (a folder) or --model models:/…"
    )


def _downloaded(uri: str, scratch: Path) -> Path:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    try:
        import mlflow
    except ImportError:
        raise EarmarkError(f"{uri} needs MLflow: pip install mlflow, or --model FOLDER") from None
    try:
        found = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(scratch)))
    except Exception as error:  # MLflow raises its own, the server's and the disk's
        raise EarmarkError(f"{uri} cannot be had from MLflow: {describe(error)}") from error
    bundles = sorted(found.rglob(BUNDLE_FILE))
    if not bundles:
        raise EarmarkError(f"{uri} holds no bundle: is it a run or a model that earmark logged?")
    return bundles[0].parent
