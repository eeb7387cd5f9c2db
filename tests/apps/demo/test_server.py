"""The server's surroundings: its address, its headers, what it needs."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from earmark.apps.demo.server import HEADERS, QUIET, import_gradio, listening, with_headers
from earmark.foundation.errors import EarmarkError

CHECKOUT = Path(__file__).parents[3]


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


def test_without_gradio_the_line_to_type_is_said(monkeypatch, tmp_path):
    for name in (*QUIET, "GRADIO_TEMP_DIR"):
        monkeypatch.setenv(name, "before")
    monkeypatch.setitem(sys.modules, "gradio", None)
    with pytest.raises(
        EarmarkError,
        match=r"pip install 'gradio>=6,<7', or in the checkout pip install -c "
        r"constraints-demo\.txt -e '\.\[demo\]'$",
    ):
        import_gradio(tmp_path)
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"
    assert os.environ["GRADIO_TEMP_DIR"] == str(tmp_path)


def test_its_pins_are_the_default_ones_but_for_what_gradio_cannot_take():
    default, demo = (
        dict(line.split("==") for line in (CHECKOUT / name).read_text().splitlines() if "==" in line)
        for name in ("constraints.txt", "constraints-demo.txt")
    )
    assert {name for name in default if demo.get(name) != default[name]} == {"pillow", "tomlkit"}
    assert "gradio" in demo
