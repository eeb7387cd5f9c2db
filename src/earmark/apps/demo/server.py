"""The server of the page: one address, nothing from the network, no other files of the machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from earmark.foundation.errors import EarmarkError

if TYPE_CHECKING:
    from earmark.identify.limited import LimitedIdentifier

QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}


def import_gradio(scratch: Path) -> None:
    """Import Gradio with its usage statistics off, and see that pictures can be drawn.

    Args:
        scratch: A folder for its files.

    Raises:
        EarmarkError: One of the two is not installed.
    """
    os.environ.update(QUIET)
    os.environ["GRADIO_TEMP_DIR"] = str(scratch)
    try:
        import gradio  # noqa: F401  # pyright: ignore[reportMissingImports]  # an extra
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise EarmarkError(
            f"the page needs {error.name}: pip install 'earmark[demo]', or in the checkout "
            "pip install -c constraints-demo.txt -e '.[demo]'"
        ) from error


def serve(limited: LimitedIdentifier, host: str, port: int, model: str) -> None:
    """Serve the page until the process is interrupted or terminated; `import_gradio` must have been called.

    Args:
        limited: Of the model.
        host: Where to listen.
        port: Where to listen; 0 for any free port.
        model: What people call the model.

    Raises:
        EarmarkError: It cannot listen there.
    """
    import gradio  # pyright: ignore[reportMissingImports]  # an extra
    from fastapi import FastAPI

    from earmark.apps.demo.page import CSS, build_page, theme
    from earmark.apps.web_server import listening, run_until_stopped

    listener = listening(host, port)
    app = gradio.mount_gradio_app(
        # No pages on which FastAPI would load its documentation from the network.
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        build_page(limited, model),
        path="/",
        server_name=host,
        server_port=listener.getsockname()[1],
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        max_file_size=limited.limits.max_bytes or None,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        theme=theme(),
        css=CSS,
    )
    run_until_stopped(app, listener, host)
