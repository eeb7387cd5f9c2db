"""`earmark demo`: a page in the browser, to try a model."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from earmark.apps.commands.model_option import Model, Strictness, check_strictness


def demo(
    model: Model = "",
    strictness: Strictness = "",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any free one.")
    ] = 7860,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
) -> None:
    r"""Try a model in the browser: drop a file, hear it, see the verdict and why.

    The page asks nothing of the network and shares nothing with it. Uploads are deleted as soon as
    they were heard. It needs Gradio: pip install 'earmark\[demo]'

    \b
    earmark demo
    earmark demo --model models:/genre@champion --port 8000
    """
    check_strictness(strictness)
    from earmark.apps.commands.model_option import bundle_folder
    from earmark.apps.demo.server import import_gradio, serve

    with tempfile.TemporaryDirectory(prefix="earmark-demo-") as folder:
        scratch = Path(folder).resolve()
        import_gradio(scratch / "uploads")
        bundle = bundle_folder(model, scratch)
        from earmark.identify.identifier import Identifier
        from earmark.identify.limited import LimitedIdentifier
        from earmark.identify.limits import Limits

        identifier = Identifier.load(bundle, strictness)
        limited = LimitedIdentifier(identifier, Limits.from_environment())
        serve(limited, host, port, model or "the last model trained here")
