"""Routes of ``aion core``: ``POST /core/messages/NAME`` processes a message, whose reply is server-sent events.

``POST /core/messages/NAME/needs/NUMBER`` brings what the core asked for in one of these events. A gateway that
disconnects ends the work on its message.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from bot.replicas.message_call import MessageCall, OpenCalls
from bot.replicas.wire import PATH
from bot.web.bearer_token import guarded_router
from bot.web.errors import ApiError
from core.ports import MessageProcessor


class ProcessRequest(BaseModel):
    """A message as ``bot.replicas.wire.message_to_wire`` writes it."""

    message: dict[str, Any]
    others: list[str] = []
    files: list[tuple[str, int, float | None]] = []
    has_nearby: bool = False


def core_router(processor: MessageProcessor, calls: OpenCalls, token: str | None) -> APIRouter:
    """Return the routes; with a ``token`` they need ``Authorization: Bearer <token>``."""
    router = guarded_router(token)

    @router.post(PATH + "/{name}")
    async def process(name: str, sent: ProcessRequest) -> Response:
        try:
            call = calls.open(name, sent.model_dump())
        except (KeyError, TypeError, ValueError) as error:
            raise ApiError(HTTPStatus.BAD_REQUEST, "This is no message.", "bad_request") from error
        return _CallStream(call.process(processor), calls, name)

    @router.post(PATH + "/{name}/needs/{number}")
    async def bring(name: str, number: int, found: dict[str, Any]) -> Mapping[str, str]:
        call: MessageCall | None = calls.get(name)
        if call is None or not call.bring(number, found):
            raise ApiError(HTTPStatus.NOT_FOUND, "Nothing is needed here under this number.", "not_needed")
        return {"status": "ok"}

    return router


class _CallStream(StreamingResponse):
    """The events of a call, which is closed however the response ends."""

    def __init__(self, events: AsyncGenerator[bytes, None], calls: OpenCalls, name: str) -> None:
        self._events, self._calls, self._name = events, calls, name
        body: AsyncIterator[bytes] = events
        super().__init__(body, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with aclosing(self._events):
                await super().__call__(scope, receive, send)
        finally:
            self._calls.close(self._name)
