"""The inference service's paths: the specification's ``/health`` and ``/generate`` (section 4.2), and OpenAI's.

A client that leaves stops the engine; one too many is told when to come back (429 with ``Retry-After``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

from bot.web.bearer import check, guarded_router
from bot.web.completion import DONE, ChatRequest, CompletionResponse, event
from bot.web.fault import Fault, body_of, fault_of
from bot.web.service import OpenCompletion, Service
from core.errors import GenerationFailed, UserError
from core.types import Piece, PromptTurn, Sampling

log = logging.getLogger(__name__)

ALIAS = "aion"
"""A model name that always means the one that is served."""

T = TypeVar("T")


class GenerateRequest(BaseModel):
    """The specification's request."""

    prompt: str = Field(min_length=1)
    context: str = ""


def inference_router(service: Service, token: str | None) -> APIRouter:
    """Return the paths that serve ``service``; all but a bare ``/health`` need ``token``, where there is one."""
    router = guarded_router(token)

    @router.post("/generate")
    async def generate(asked: GenerateRequest, request: Request) -> dict[str, str]:
        text = f"{asked.prompt}\n\n{asked.context}" if asked.context else asked.prompt

        async def write() -> str:
            async with service.reply((PromptTurn("user", text),), Sampling()) as opened:
                return "".join(piece.text for piece in await _whole(opened)).strip()

        return {"text": await _unless_gone(request, write())}

    @router.post("/v1/chat/completions", response_model=None)
    async def complete(asked: ChatRequest, request: Request) -> Response | dict[str, Any]:
        _require_model(service, asked.model)
        completion = CompletionResponse(service.model.model, bool(asked.logprobs))
        if asked.stream:
            return await _unless_gone(request, _streamed(service, asked, completion))

        async def write() -> dict[str, Any]:
            async with service.reply(asked.prompt, asked.sampling, asked.stop) as opened:
                return completion.whole(await _whole(opened), opened.tally)

        return await _unless_gone(request, write())

    @router.get("/v1/models")
    async def models() -> dict[str, Any]:
        one = {"id": service.model.model, "object": "model", "created": 0, "owned_by": ALIAS}
        return {"object": "list", "data": [one]}

    open_router = APIRouter()
    open_router.add_api_route("/health", _health(service, token), methods=["GET"])
    open_router.include_router(router)
    return open_router


def _health(service: Service, token: str | None) -> Any:
    async def health(request: Request) -> dict[str, Any]:
        if token is not None and "authorization" not in request.headers:
            return {"status": "ok"}
        if token is not None:
            check(request, token)
        model, state = service.model, service.state()
        return {
            "status": "ok",
            "adapter_loaded": state.lora_version is not None,
            "model": model.model,
            "lora_version": state.lora_version,
            "device": state.device,
            "queue": {"open": service.n_open, "limit": service.max_open, "waiting": state.n_waiting},
            "warm": state.is_warm,
            "style": model.style,
            "languages": sorted(model.languages),
            "context_tokens": model.context_tokens if state.is_warm else None,
        }

    return health


def _require_model(service: Service, name: str) -> None:
    if name not in ("", ALIAS, service.model.model):
        problem = f"The model `{name}` is not served here; `{service.model.model}` is."
        raise Fault(HTTPStatus.NOT_FOUND, problem, "model_not_found")


async def _whole(opened: OpenCompletion) -> Sequence[Piece]:
    """Return all pieces. Raises ``GenerationFailed`` when they hold no word."""
    pieces = [piece async for piece in opened.pieces]
    if not opened.tally.is_stopped and not any(piece.text.strip() for piece in pieces):
        raise GenerationFailed("an empty reply")
    return pieces


async def _streamed(service: Service, asked: ChatRequest, completion: CompletionResponse) -> Response:
    """Return a stream whose first word is there: until then an error is still an HTTP status."""
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(service.reply(asked.prompt, asked.sampling, asked.stop))
        try:
            first = await anext(opened.pieces)
        except StopAsyncIteration:
            raise GenerationFailed("an empty reply") from None
        return _EventStream(_events(completion, opened, first, asked.wants_usage), stack.pop_all())


async def _events(
    completion: CompletionResponse, opened: OpenCompletion, first: Piece, wants_usage: bool
) -> AsyncGenerator[bytes, None]:
    yield completion.chunk(first, is_first=True)
    try:
        async for piece in opened.pieces:
            if piece.text or (completion.wants_log_probs and piece.log_probs):
                yield completion.chunk(piece)
    except (UserError, GenerationFailed) as error:
        log.warning("a stream broke off: %s", error)
        yield event(body_of(fault_of(error)))
        return
    yield completion.end(opened.tally)
    if wants_usage:
        yield completion.used(opened.tally)
    yield DONE


class _EventStream(StreamingResponse):
    """Server-sent events; whatever becomes of them, the reply behind them is closed in the end."""

    def __init__(self, events: AsyncIterator[bytes], reply: AsyncExitStack) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
        self._reply = reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._reply:
            await super().__call__(scope, receive, send)


async def _unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return what ``work`` does; a client that leaves meanwhile ends it."""
    leaving = asyncio.ensure_future(_gone(request))
    try:
        async with asyncio.timeout(None) as scope:
            leave = partial(_end, scope)
            leaving.add_done_callback(leave)
            return await work
    except TimeoutError:
        if not scope.expired():
            raise
        raise Fault(HTTPStatus.BAD_REQUEST, "The client left.", "client_gone") from None  # which nobody reads
    finally:
        leaving.remove_done_callback(leave)
        leaving.cancel()


def _end(scope: asyncio.Timeout, leaving: asyncio.Future[None]) -> None:
    scope.reschedule(0)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
