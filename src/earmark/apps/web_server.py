"""A web server for one application: its address, its headers, its end."""

from __future__ import annotations

import signal
import socket
import sys
from typing import Any

from earmark.foundation.errors import EarmarkError, describe

GOODBYE_S = 2  # s that an open page is given when the server stops
# Browsers enforce it: requests of a page to other hosts are blocked.
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


def run_until_stopped(application: Any, listener: socket.socket, host: str) -> None:
    """Serve an application until the process is interrupted or terminated, and say where.

    Args:
        application: An ASGI application.
        listener: Of `listening`.
        host: The name or address that it listens on.
    """
    import uvicorn

    config = uvicorn.Config(
        with_headers(application), log_level="warning", access_log=False, timeout_graceful_shutdown=GOODBYE_S
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
