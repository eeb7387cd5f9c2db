"""`earmark serve`: a model as a web service."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from earmark.apps.commands.model_option import Strictness, check_strictness

LIMITS = "Limits"


def serve(
    bundle: Annotated[
        str,
        typer.Argument(
            metavar="BUNDLE",
            help="composer, genre or key; a bundle's folder; an MLflow URI (models:/…, runs:/…).",
            show_default="the last one trained",
        ),
    ] = "",
    strictness: Strictness = "",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any free one.")
    ] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    max_bytes: Annotated[
        int | None,
        typer.Option(
            min=0, help="Of a file; 0 for no limit.", show_default="67108864", rich_help_panel=LIMITS
        ),
    ] = None,
    max_sound_s: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Seconds of sound of a file; 0 for no limit.",
            show_default="1200",
            rich_help_panel=LIMITS,
        ),
    ] = None,
    max_midi_events: Annotated[
        int | None,
        typer.Option(
            min=0, help="Of a MIDI file; 0 for no limit.", show_default="200000", rich_help_panel=LIMITS
        ),
    ] = None,
    concurrency: Annotated[
        int | None,
        typer.Option(
            min=0, help="Files heard at a time.", show_default="one per core", rich_help_panel=LIMITS
        ),
    ] = None,
    queue: Annotated[
        int | None,
        typer.Option(min=0, help="Requests that may wait.", show_default="64", rich_help_panel=LIMITS),
    ] = None,
    deadline_s: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Seconds from a request to its answer; 0 for no limit.",
            show_default="50",
            rich_help_panel=LIMITS,
        ),
    ] = None,
) -> None:
    r"""Identify files over HTTP: POST /identify takes music and answers with a verdict as JSON.

    /docs describes it in the browser, /health says what runs, /metrics counts for Prometheus. What is over a
    limit is refused: 413 too large, 429 too many wait, 503 it would take too long. Variables such as
    EARMARK_MAX_BYTES set the same limits. It needs FastAPI: pip install 'earmark\[serve]'

    \b
    earmark serve composer
    earmark serve models:/genre@champion --port 8080 --concurrency 4
    """
    check_strictness(strictness)
    from earmark.apps.commands.model_option import bundle_folder
    from earmark.apps.service.application import make_application
    from earmark.apps.web_server import listening, run_until_stopped
    from earmark.identify.identifier import Identifier
    from earmark.identify.limited import LimitedIdentifier
    from earmark.identify.limits import Limits

    limits = Limits.from_environment(
        max_bytes=max_bytes,
        max_sound_s=max_sound_s,
        max_midi_events=max_midi_events,
        concurrency=concurrency,
        queue=queue,
        deadline_s=deadline_s,
    )
    with listening(host, port) as listener, tempfile.TemporaryDirectory(prefix="earmark-serve-") as scratch:
        identifier = Identifier.load(bundle_folder(bundle, Path(scratch)), strictness)
        limited = LimitedIdentifier(identifier, limits)
        limited.warm_up()
        application = make_application(limited, bundle or "the last one trained")
        run_until_stopped(application, listener, host)
