"""Which bundle is meant: a folder, an MLflow URI, or the last one trained in this checkout."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from earmark.foundation.errors import EarmarkError

BUNDLE_FILE = "bundle.yaml"
BOX = Path(__file__).with_name("bundles")  # trained bundles that come with the package, by name
MLFLOW_URI = re.compile(r"^(models|runs|mlflow-artifacts):/")


def find_bundle(model: str, download: Callable[[str], Path] | None = None) -> Path:
    """The folder of the bundle that is meant.

    Args:
        model: A bundle's folder, the folder of a run, an MLflow URI, or the name of a bundle that comes with
            the package; "" for the last bundle trained in the checkout around the current folder.
        download: Downloads the bundle of an MLflow URI and gives its folder; None where that is not possible.

    Raises:
        EarmarkError: There is no such bundle.
    """
    if not model:
        return _latest()
    if MLFLOW_URI.match(model):
        if download is None:
            raise EarmarkError(f"{model} is to be had from MLflow alone: give the folder of a bundle")
        return download(model)
    folder = Path(model).expanduser()
    if (folder / BUNDLE_FILE).is_file():
        return folder
    if (folder / "models" / BUNDLE_FILE).is_file():  # the folder of a run
        return folder / "models"
    if model in boxed():
        return BOX / model
    raise EarmarkError(
        f"{model} is not a bundle: a folder with {BUNDLE_FILE}, models:/NAME@champion, or one of "
        f"{', '.join(boxed())}"
    )


def boxed() -> list[str]:
    """Names of the bundles that come with the package."""
    return sorted(file.parent.name for file in BOX.glob(f"*/{BUNDLE_FILE}"))


def _latest() -> Path:
    """The folder of the newest bundle of the checkout around the current folder."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "dvc.yaml").is_file() and (folder / "conf").is_dir():
            bundles = [*folder.glob(f"models/{BUNDLE_FILE}"), *folder.glob(f"runs/**/models/{BUNDLE_FILE}")]
            if bundles:
                return max(bundles, key=lambda path: path.stat().st_mtime).parent
            raise EarmarkError(f"no model has been trained in {folder} yet: dvc repro, or --model BUNDLE")
    raise EarmarkError(
        f"which model? Outside of a project say --model {' or '.join(boxed())}, --model BUNDLE (a folder) "
        "or --model models:/…"
    )
