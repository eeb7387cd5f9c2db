"""The surroundings of a server: its address and its headers."""

import asyncio

import pytest

from earmark.apps.web_server import HEADERS, listening, with_headers
from earmark.foundation.errors import EarmarkError


def test_a_taken_port_is_one_line():
    with listening("127.0.0.1", 0) as door:
        port = door.getsockname()[1]
        assert port > 0
        with pytest.raises(EarmarkError, match=rf"cannot listen on 127\.0\.0\.1:{port}: .*; choose another"):
            listening("127.0.0.1", port)


def test_an_address_of_another_machine_is_one_line():
    with pytest.raises(EarmarkError, match=r"cannot listen on 192\.0\.2\.1:0: "):  # RFC 5737: nobody's
        listening("192.0.2.1", 0)


def test_every_answer_has_the_headers_and_streams_pass():
    parts = [
        {"type": "http.response.start", "status": 200, "headers": [(b"a", b"b")]},
        {"type": "http.response.body", "body": b"1", "more_body": True},
        {"type": "http.response.body", "body": b"2"},
    ]

    async def app(scope, receive, send):
        for part in parts:
            await send(part)

    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(with_headers(app)({"type": "http"}, None, send))
    assert sent[0]["headers"] == [(b"a", b"b"), *HEADERS]
    assert sent[1:] == parts[1:]
    assert parts[0]["headers"] == [(b"a", b"b")]


def test_the_browser_is_told_to_ask_nobody_else():
    policy = dict(HEADERS)[b"content-security-policy"].decode()
    assert policy.startswith("default-src 'self';")
    assert "http" not in policy
    assert "*" not in policy
