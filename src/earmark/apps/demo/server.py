"""The server of the page: one address, nothing from the network, no other files of the machine."""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earmark.foundation.errors import EarmarkError, describe

if TYPE_CHECKING:
    from earmark.identify.identifier import Identifier

MAX_UPLOAD = "200mb"  # more than an hour of FLAC; what is larger is refused while it arrives
GOODBYE_S = 2  # s that an open page is given when the server stops
# Browsers enforce it: requests of Gradio's page to other hosts are blocked.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' data: blob:; worker-src 'self' blob:; frame-ancestors 'none'; form-action 'self'"
)
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
}


def with_headers(app: Any) -> Any:
    """Add HEADERS to every answer of an application; streams pass through as they are.

    Args:
        app: An ASGI application.

    Returns:
        An ASGI application.
    """

    async def application(scope: Any, receive: Any, send: Any) -> None:
        async def marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *HEADERS]}
            await send(message)

        await app(scope, receive, marked)

    return application


def listening(host: str, port: int) -> socket.socket:
    """Open a socket that listens.

    Args:
        host: Name or address.
        port: 0 for any free one.

    Raises:
        EarmarkError: It cannot listen there.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise EarmarkError(
            f"cannot listen on {host}:{port}: {describe(error)}; choose another --port or --host"
        ) from error


def import_gradio(scratch: Path) -> None:
    """Import Gradio with its usage statistics off.

    Args:
        scratch: A folder for its files.

    Raises:
        EarmarkError: It is not installed.
    """
    os.environ.update(QUIET)
    os.environ["GRADIO_TEMP_DIR"] = str(scratch)
    try:
        import gradio  # noqa: F401  # pyright: ignore[reportMissingImports]  # an extra
    except ImportError as error:
        raise EarmarkError(
            "the page needs Gradio: pip install 'gradio>=6,<7', or in the checkout "
            "pip install -c constraints-demo.txt -e '.[demo]'"
        ) from error


def serve(identifier: Identifier, host: str, port: int) -> None:
    """Serve the page until the process is interrupted or terminated; `import_gradio` must have been called.

    Args:
        identifier: Of the model.
        host: Where to listen.
        port: Where to listen; 0 for any free port.

    Raises:
        EarmarkError: It cannot listen there.
    """
    import gradio  # pyright: ignore[reportMissingImports]  # an extra
    import uvicorn
    from fastapi import FastAPI

    from earmark.apps.demo.page import CSS, build_page, theme

    listener = listening(host, port)
    app = gradio.mount_gradio_app(
        # No pages on which FastAPI would load its documentation from the network.
        FastAPI(docs_url=None, redoc_url=None, openapi_url=None),
        build_page(identifier),
        path="/",
        server_name=host,
        server_port=listener.getsockname()[1],
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        max_file_size=MAX_UPLOAD,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        theme=theme(),
        css=CSS,
    )
    config = uvicorn.Config(
        with_headers(app), log_level="warning", access_log=False, timeout_graceful_shutdown=GOODBYE_S
    )
    shown = f"[{host}]" if ":" in host else host
    print(f"http://{shown}:{listener.getsockname()[1]}  (Ctrl+C ends it)", flush=True)
    if host not in ("127.0.0.1", "localhost", "::1"):
        print("earmark: whoever can reach this machine can use the page", file=sys.stderr)
    # Uvicorn raises the signal again when it has stopped: as an exception, so that files are removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        print(file=sys.stderr)
