"""The option `--model`, which every command has that uses a trained model."""

from __future__ import annotations

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
