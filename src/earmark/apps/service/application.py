"""The routes of the service: /identify, /health, /metrics, and a page that describes them, /docs."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi_offline import FastAPIOffline
from starlette.requests import ClientDisconnect

from earmark import __version__
from earmark.apps.service.figures import Figures
from earmark.apps.service.upload import FIELD, Body, UnusableRequestError, gone, received
from earmark.foundation.deadline import Deadline, DeadlineError
from earmark.foundation.errors import EarmarkError, describe
from earmark.identify.inputs import Target
from earmark.identify.limited import LimitedIdentifier
from earmark.identify.limits import BusyError, OverLimitError
from earmark.identify.verdict import FIELDS, Verdict

OK, UNUSABLE, TOO_LARGE, UNHEARD, TOO_MANY, FAULT, UNAVAILABLE = 200, 400, 413, 422, 429, 500, 503
RETRY_S = 5  # what a client that is refused for want of time or room should wait
MUSIC = {"type": "string", "format": "binary"}
REQUEST_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {"type": "object", "required": [FIELD], "properties": {FIELD: MUSIC}}
        },
        "application/octet-stream": {"schema": MUSIC},
    },
}
WORDS = ("path", "verdict", "guess", "reason", "warning", "error")
PROPERTIES: dict[str, Any] = {
    **{name: {"type": ["string" if name in WORDS else "number", "null"]} for name in FIELDS},
    "probabilities": {"type": "object", "additionalProperties": {"type": "number"}},
    "nearest": {"type": "array", "items": {"type": "object"}},
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {"application/json": {"schema": {"type": "object", "properties": properties}}},
    }
    for status, description, properties in (
        (OK, "The verdict, with the fields of `earmark identify --json`.", PROPERTIES),
        (UNUSABLE, "The request holds no file.", {"error": PROPERTIES["error"]}),
        (TOO_LARGE, "The music has too many bytes, seconds or MIDI events.", {"error": PROPERTIES["error"]}),
        (UNHEARD, "The file cannot be heard: `error` says why.", PROPERTIES),
        (TOO_MANY, "Too many requests wait.", {"error": PROPERTIES["error"]}),
        (UNAVAILABLE, "The answer would take too long.", {"error": PROPERTIES["error"]}),
    )
}
STATUS = (
    (UnusableRequestError, UNUSABLE),
    (OverLimitError, TOO_LARGE),
    (BusyError, TOO_MANY),
    (DeadlineError, UNAVAILABLE),
)


def make_application(limited: LimitedIdentifier, model: str) -> FastAPI:
    """Make the service of a model.

    Args:
        limited: Of the model.
        model: What people call it.
    """
    limits, labels = limited.limits, list(limited.identifier.labels)
    figures = Figures(limited.admission)
    # As many threads as may work at a time: a request that waits holds none.
    threads = ThreadPoolExecutor(limits.at_a_time, thread_name_prefix="identify")
    application = FastAPIOffline(
        title="earmark",
        version=__version__,
        description=f"Identifies music by the model {model}: {', '.join(labels)}, or unknown.",
        redoc_url=None,
        swagger_ui_parameters={"validatorUrl": None, "defaultModelsExpandDepth": -1},
    )

    @application.post(
        "/identify",
        summary="A verdict on a file",
        tags=["music"],
        response_class=JSONResponse,
        responses=ANSWERS,
        openapi_extra={"requestBody": REQUEST_BODY},
    )
    async def identify(
        request: Request,
        name: Annotated[str | None, Query(description="What to call the file in the answer.")] = None,
    ) -> JSONResponse:
        """Identify a file: MIDI or a recording, as the field `file` of a form or as the body itself."""
        start_s, deadline, body = time.monotonic(), limits.deadline(), Body(request, limits)
        try:
            verdict = await answered(request, body, name, deadline)
            status, content = (UNHEARD if verdict.error else OK), verdict.as_dict()
            if not verdict.error:
                figures.judged(verdict)
        except EarmarkError as error:
            status = next((status for kind, status in STATUS if isinstance(error, kind)), UNAVAILABLE)
            content = {"error": str(error)}
        except ClientDisconnect:  # nobody reads this answer
            status, content = UNUSABLE, {"error": "the music has not arrived whole"}
        except Exception as error:  # an unforeseen fault of one request is not the service's end
            print(f"earmark: error: {describe(error)}", file=sys.stderr, flush=True)
            status, content = FAULT, {"error": describe(error)}
        await body.discard()
        figures.answered(status, time.monotonic() - start_s)
        headers = {"Retry-After": str(RETRY_S)} if status in (TOO_MANY, UNAVAILABLE) else None
        return JSONResponse(content, status, headers)

    async def answered(request: Request, body: Body, name: str | None, deadline: Deadline) -> Verdict:
        with limited.admission.place(), tempfile.TemporaryDirectory(prefix="earmark-") as folder:
            target = await received(body, Path(folder), name, deadline)
            job = threads.submit(judge, target, deadline)
            work, leaving = asyncio.wrap_future(job), asyncio.ensure_future(gone(request.receive))
            try:
                await asyncio.wait((work, leaving), return_when=asyncio.FIRST_COMPLETED)
            finally:
                leaving.cancel()
                if not work.done():
                    deadline.cancel()
                    job.cancel()  # unless it has begun: then it ends at its next block
                    await asyncio.wait((work,))
            if work.cancelled():
                deadline.check()
            return work.result()

    def judge(target: Target, deadline: Deadline) -> Verdict:
        with limited.at_work(deadline):
            return limited.identify(target)

    @application.get("/health", summary="What runs here", tags=["service"])
    async def health() -> dict[str, Any]:
        """Say that the service is there, which model it has, and what it takes."""
        return {
            "status": "ok",
            "version": __version__,
            "model": model,
            "labels": labels,
            "limits": vars(limits),
        }

    @application.get("/metrics", summary="Counts for Prometheus", tags=["service"], response_class=Response)
    async def metrics() -> Response:
        """Counts and times in the format of Prometheus."""
        return Response(figures.text(), media_type=figures.media_type)

    @application.get("/", include_in_schema=False)
    async def root() -> Response:
        return RedirectResponse("docs")

    return application
