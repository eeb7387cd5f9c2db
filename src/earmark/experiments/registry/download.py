"""A bundle from MLflow: of a run, or of a version in the model registry."""

from __future__ import annotations

import os
from pathlib import Path

from earmark.foundation.errors import EarmarkError, describe
from earmark.identify.locate import BUNDLE_FILE


def download_bundle(uri: str, scratch: Path) -> Path:
    """Download the bundle that a URI of MLflow names.

    Args:
        uri: models:/NAME@ALIAS, runs:/…
        scratch: The folder to download into.

    Returns:
        The bundle's folder.

    Raises:
        EarmarkError: MLflow is not installed or does not give it, or it holds no bundle.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    try:
        from mlflow.artifacts import download_artifacts
    except ImportError:
        raise EarmarkError(f"{uri} needs MLflow: pip install mlflow, or --model FOLDER") from None
    try:
        downloaded = Path(download_artifacts(uri, dst_path=str(scratch)))
    except Exception as error:  # MLflow raises its own, the server's and the disk's
        raise EarmarkError(f"{uri} cannot be had from MLflow: {describe(error)}") from error
    bundles = sorted(downloaded.rglob(BUNDLE_FILE))
    if not bundles:
        raise EarmarkError(f"{uri} holds no bundle: is it a run or a model that earmark logged?")
    return bundles[0].parent
