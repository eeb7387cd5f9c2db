"""`earmark publish`: register a bundle with MLflow."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from earmark.foundation.errors import EarmarkError
from earmark.foundation.words import printable
from earmark.foundation.workspace import Workspace


def publish(
    name: Annotated[str, typer.Option("--name", "-n", help="The registered model, for example composer.")],
    bundle: Annotated[
        str,
        typer.Argument(
            metavar="[BUNDLE]",
            help="A bundle's folder or a run's folder.",
            show_default="the last one trained",
        ),
    ] = "",
    alias: Annotated[str, typer.Option("--alias", help="What the best version is called.")] = "champion",
    force: Annotated[
        bool, typer.Option("--force", help="Publish what is no better than its control, or uncompared.")
    ] = False,
) -> None:
    r"""Register a bundle with MLflow, so that it can be served by name.

    The new version takes the alias from the version that has it only where its balanced
    accuracy is higher on the same test pieces (same files, same labels); otherwise both
    figures are printed and the alias stays. --force takes it where the test pieces differ
    or one of the two was never evaluated, and publishes a model that is not better than its
    control. The server is the one that MLFLOW_TRACKING_URI
    names, or mlflow.db of this checkout.

    \b
    earmark publish --name composer
    earmark publish runs/2026-11-23/04-12-13-train --name composer
    earmark publish kept/models --name composer --alias candidate
    mlflow models serve -m models:/composer@champion --env-manager local --port 8000
    """
    from earmark.apps.commands.model_option import bundle_folder
    from earmark.experiments.registry.publishing import publish_bundle
    from earmark.identify.locate import MLFLOW_URI

    if MLFLOW_URI.match(bundle):
        raise EarmarkError(f"{bundle} is in MLflow already: give the folder of a bundle")
    with tempfile.TemporaryDirectory(prefix="earmark-") as scratch:
        folder = bundle_folder(bundle, Path(scratch))
    done = publish_bundle(folder, name, alias, force, _workspace(folder))
    print(f"{name} version {done.version}: bundle {done.bundle[:12]} of {printable(folder)}")
    print(f"run {done.run_id} in {printable(done.uri)}")
    print(f"{alias}: {'this version' if done.aliased else 'unchanged'}, {done.reason}")


def _workspace(folder: Path) -> Workspace:
    """The checkout around the current folder or the bundle; with MLFLOW_TRACKING_URI any folder will do."""
    for start in (Path.cwd(), folder):
        try:
            return Workspace.find(start)
        except EarmarkError:
            continue
    if os.environ.get("MLFLOW_TRACKING_URI"):
        return Workspace.at(Path.cwd())
    raise EarmarkError("where to? Go into a project, or set MLFLOW_TRACKING_URI")
