"""`earmark ui`: MLflow's pages over the runs of this checkout, with the settings that start fast."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from earmark.foundation.workspace import Workspace


def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
) -> None:
    r"""Look at and compare the runs in the browser: MLflow's pages, over mlflow.db or MLFLOW_TRACKING_URI.

    \b
    earmark ui
    earmark ui --port 5001
    """
    from earmark.pipeline.tracking.open_runs import tidy
    from earmark.pipeline.tracking.pages import announced
    from earmark.pipeline.tracking.server import artifacts_uri, tracking_uri

    workspace = Workspace.find()
    address = tracking_uri(workspace)
    if address.startswith(("http://", "https://")):
        print(f"MLFLOW_TRACKING_URI names a server that has pages of its own: {address}")
        return
    tidy(workspace)
    for line in announced(workspace, f"http://{host}:{port}"):
        print(line)
    # Job execution is for MLflow's agents: without it the pages are there in 9 s instead of 40.
    environment = {
        **os.environ,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    options = ["--workers", "1", "--host", host, "--port", str(port), "--backend-store-uri", address]
    # Or what is made in the pages could only be used through them.
    options += ["--default-artifact-root", artifacts_uri(workspace)]
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", "mlflow", "ui", *options], environment)
