"""Options of the commands that use a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from earmark.identify.kept import Kept

Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="BUNDLE",
        help="composer, genre or key; a bundle's folder; an MLflow URI (models:/…, runs:/…).",
        show_default="the last one trained",
    ),
]

Strictness = Annotated[
    str,
    typer.Option(
        metavar="strict|balanced|eager",
        help="How sure a label must be: strict answers less, eager more.",
        show_default="as the model was trained",
    ),
]

Cache = Annotated[
    bool,
    typer.Option("--cache/--no-cache", help="Keep what is heard (earmark cache), and hear no file twice."),
]


def check_strictness(strictness: str) -> None:
    """Check what was typed.

    Raises:
        typer.BadParameter: It is no position of the dial.
    """
    from earmark.decisions.dial import STRICTNESS

    if strictness and strictness not in STRICTNESS:
        raise typer.BadParameter(f"--strictness {strictness} is none of {', '.join(STRICTNESS)}")


def kept(cache: bool) -> Kept | None:
    """What was heard before; None where `cache` is false, or the user keeps nothing."""
    from earmark.identify.kept import Kept

    return Kept.of_user() if cache else None


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
