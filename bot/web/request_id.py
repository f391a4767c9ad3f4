"""ASGI middleware that lets each request carry its caller's id, in the log and in the response."""

from __future__ import annotations

import logging
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.request_id import HEADER, request
from core.tracing import span

log = logging.getLogger(__name__)


class RequestIds:
    """Handles each request under the id in its ``X-Request-ID``, or a new one; those that write are logged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; the response carries the id, too."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        status, start_s = 0, time.perf_counter()
        headers = Headers(scope=scope)
        with request(headers.get(HEADER, "")) as request_id, span("request", headers):

            async def tagged(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    MutableHeaders(scope=message)[HEADER] = request_id
                await send(message)

            try:
                await self._app(scope, receive, tagged)
            finally:
                if scope["method"] != "GET":
                    took_ms = (time.perf_counter() - start_s) * 1000
                    log.info("%s %s: %d in %.0f ms", scope["method"], scope["path"], status, took_ms)
