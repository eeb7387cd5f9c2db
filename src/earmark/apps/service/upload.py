"""Receive a file of music over HTTP, as raw bytes or as a part of a form, never more than is taken."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from earmark.foundation.deadline import Deadline, DeadlineError
from earmark.foundation.errors import EarmarkError, PieceError
from earmark.identify.inputs import Target
from earmark.identify.limits import Limits
from earmark.music.recordings.formats import MUSIC_SUFFIXES, suffix_of

FIELD = "file"  # of a form
FORM_BYTES = 1 << 16  # of a form's other fields, headers and boundaries
CHUNK = 1 << 20  # bytes copied at a time
LONGEST_S = 1e9  # where there is no deadline
IDLE_S = 0.5  # s after which a sender counts as waiting for the answer
DISCARDED_S = 10.0  # s for which a body that is too large is read on, so that its sender sees the answer


class UnusableRequestError(EarmarkError):
    """A request that holds no file: status 400."""


class Body:
    """A request's body, counted."""

    def __init__(self, request: Request, limits: Limits) -> None:
        """Be ready to receive.

        Args:
            request: Its body is the file itself, or a form with one file in the field FIELD.
            limits: What is taken.
        """
        self.headers = request.headers
        self.is_form = request.headers.get("content-type", "").startswith("multipart/form-data")
        self._request, self._limits = request, limits
        self._count, self._is_over = 0, False

    async def chunks(self) -> AsyncGenerator[bytes]:
        """Receive the body.

        Raises:
            OverLimitError: It is larger than is taken, or its sender says so.
            ClientDisconnect: Its sender has gone.
        """
        around = FORM_BYTES if self.is_form else 0
        stated = self.headers.get("content-length", "")
        if stated.isdecimal():
            self._limits.check_bytes(int(stated) - around)
        while not self._is_over:
            message = await self._request.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk, self._is_over = message.get("body", b""), not message.get("more_body", False)
            self._count += len(chunk)
            self._limits.check_bytes(self._count - around)
            yield chunk

    async def discard(self) -> None:
        """Read on for a while: who still sends when the connection is closed never sees the answer."""
        asks_first = self.headers.get("expect", "").lower() == "100-continue"
        if self._is_over or (asks_first and self._count == 0):
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DISCARDED_S):
                more = True
                while more:  # who sends nothing now has not filled the connection
                    message = await asyncio.wait_for(self._request.receive(), IDLE_S)
                    more = message["type"] == "http.request" and message.get("more_body", False)

    def check_file(self, size: int) -> None:
        """Check the file that was in the body.

        Raises:
            OverLimitError: It is too large.
            UnusableRequestError: It is empty.
        """
        self._limits.check_bytes(size)
        if size == 0:
            raise UnusableRequestError(
                f"no music: send a file's bytes as the body, or a form with the field {FIELD!r}"
            )


async def received(body: Body, folder: Path, name: str | None, deadline: Deadline) -> Target:
    """Write the file of a request below a folder.

    Args:
        body: The request's.
        folder: Where to write it.
        name: What the client calls it; None for its name in the form.
        deadline: By when it must have arrived.

    Returns:
        The file under its name; "" where it has none.

    Raises:
        OverLimitError: It is too large.
        DeadlineError: It has not arrived in time.
        UnusableRequestError: There is no file.
    """
    path = folder / "upload"
    try:
        async with asyncio.timeout(min(deadline.remaining_s, LONGEST_S)):
            stated = await (_from_form if body.is_form else _from_bytes)(body, path)
    except TimeoutError as error:
        raise DeadlineError(f"the music has not arrived within {deadline.allowed_s:g} s") from error
    body.check_file(path.stat().st_size)
    name = stated if name is None else name
    return Target(name, path.rename(folder / f"music{_suffix(path, name)}"))


async def _from_bytes(body: Body, path: Path) -> str:
    with path.open("wb") as file:
        async for chunk in body.chunks():
            file.write(chunk)
    return ""


async def _from_form(body: Body, path: Path) -> str:
    """Write the file of a form, and return its name."""
    try:
        form = await MultiPartParser(body.headers, body.chunks(), max_files=1, max_fields=8).parse()
    except (MultiPartException, UnicodeError) as error:
        raise UnusableRequestError(f"the form cannot be read: {error}") from error
    try:
        part = form.get(FIELD)
        if not isinstance(part, UploadFile):
            raise UnusableRequestError(f"the form has no file in a field {FIELD!r}")
        with path.open("wb") as file:
            while chunk := await part.read(CHUNK):
                file.write(chunk)
        return part.filename or ""
    finally:
        await form.close()


def _suffix(file: Path, name: str) -> str:
    """The suffix of a file by its content, else by its name: of that only a known suffix is taken."""
    stated = Path(name).suffix.lower()
    with contextlib.suppress(PieceError), file.open("rb") as handle:
        if known := suffix_of(handle.read(CHUNK)):
            return known
    return stated if stated in MUSIC_SUFFIXES else ""


async def gone(receive: Callable[[], Awaitable[Any]]) -> None:
    """Wait until the client of a request whose body was read has gone.

    Args:
        receive: The request's.
    """
    while (await receive())["type"] != "http.disconnect":
        pass
