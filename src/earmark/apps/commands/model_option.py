"""The option `--model` of the commands that use a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="BUNDLE",
        help="A bundle's folder or an MLflow URI (models:/composer@champion, runs:/…).",
        show_default="the last one trained",
    ),
]


def bundle_folder(model: str, scratch: Path) -> Path:
    """The folder of the bundle that `--model` names.

    Args:
        model: What was typed; "" for the last bundle trained in this checkout.
        scratch: A folder that a bundle from MLflow is downloaded to.

    Raises:
        EarmarkError: There is no such bundle.
    """
    from earmark.identify.locate import find_bundle

    def download(uri: str) -> Path:
        from earmark.experiments.registry.download import download_bundle

        return download_bundle(uri, scratch)

    return find_bundle(model, download)
