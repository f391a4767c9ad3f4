"""ASGI middleware that limits the size of request bodies."""

from __future__ import annotations

from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.web.errors import ApiError

MAX_BODY_BYTES = 1_000_000
"""Several times the longest prompt of any model served."""


class BodyLimit:
    """Passes on at most ``max_bytes`` of a request body, counted as it is read whatever its headers say; then 413."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting the bytes read of its body. Raises a 413 ``ApiError``."""
        n_bytes = 0

        async def counted() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > self._max_bytes:
                raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The request is too large.", "body_too_large")
            return message

        await self._app(scope, counted if scope["type"] == "http" else receive, send)
