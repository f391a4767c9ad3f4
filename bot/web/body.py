"""How much of a request is read."""

from __future__ import annotations

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.fault import Fault

MAX_BODY_BYTES = 1_000_000
"""Far more than any prompt; what is larger is a mistake or an attack."""


class BodyLimit:
    """Lets no more than ``max_bytes`` of a request through, whatever its headers claim: past that, 413."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count what is read of it."""
        n_bytes = 0

        async def counted() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > self._max_bytes:
                raise Fault(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large.", "body_too_large")
            return message

        await self._app(scope, counted if scope["type"] == "http" else receive, send)
