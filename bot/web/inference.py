"""Routes of ``aion serve``: ``/health`` and ``/generate`` (specification, section 4.2) and OpenAI's ``/v1`` paths.

A client that disconnects stops the engine; over the concurrency limit the answer is 429 with ``Retry-After``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

from bot.web.bearer_token import guarded_router, require_bearer
from bot.web.chat_completion import DONE, ChatRequest, CompletionResponse, event
from bot.web.errors import ApiError, api_error_of, error_body
from bot.web.fields import EncodableText
from bot.web.inference_service import InferenceService, OpenCompletion
from core.errors import GenerationFailed, UserError
from core.types import Piece, PromptTurn, Sampling

log = logging.getLogger(__name__)

ALIAS = "aion"
"""A model name that always means the model served."""

T = TypeVar("T")


class GenerateRequest(BaseModel):
    """A request of ``/generate``."""

    prompt: Annotated[EncodableText, Field(min_length=1)]
    context: EncodableText = ""


def inference_router(service: InferenceService, token: str | None) -> APIRouter:
    """Return the routes of ``service``; with a ``token`` all need it but ``/health`` without details."""
    router = guarded_router(token)

    @router.post("/generate")
    async def generate(body: GenerateRequest, request: Request) -> dict[str, str]:
        text = f"{body.prompt}\n\n{body.context}" if body.context else body.prompt

        async def write() -> str:
            async with service.reply((PromptTurn("user", text),), Sampling()) as opened:
                return "".join(piece.text for piece in await _all_pieces(opened)).strip()

        return {"text": await _unless_disconnected(request, write())}

    @router.post("/v1/chat/completions", response_model=None)
    async def complete(body: ChatRequest, request: Request) -> Response | dict[str, Any]:
        _require_model(service, body.model)
        completion = CompletionResponse(service.model.model, bool(body.logprobs))
        if body.stream:
            return await _unless_disconnected(request, _streamed(service, body, completion))

        async def write() -> dict[str, Any]:
            async with service.reply(body.prompt, body.sampling, body.stop) as opened:
                return completion.body(await _all_pieces(opened), opened.usage)

        return await _unless_disconnected(request, write())

    @router.get("/v1/models")
    async def models() -> dict[str, Any]:
        one = {"id": service.model.model, "object": "model", "created": 0, "owned_by": ALIAS}
        return {"object": "list", "data": [one]}

    open_router = APIRouter()
    open_router.add_api_route("/health", _health(service, token), methods=["GET"])
    open_router.include_router(router)
    return open_router


def _health(service: InferenceService, token: str | None) -> Any:
    async def health(request: Request) -> dict[str, Any]:
        if token is not None and "authorization" not in request.headers:
            return {"status": "ok"}
        if token is not None:
            require_bearer(request, token)
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


def _require_model(service: InferenceService, name: str) -> None:
    if name not in ("", ALIAS, service.model.model):
        problem = f"The model `{name}` is not served here; `{service.model.model}` is."
        raise ApiError(HTTPStatus.NOT_FOUND, problem, "model_not_found")


async def _all_pieces(opened: OpenCompletion) -> Sequence[Piece]:
    """Return all pieces, from the last restart on.

    Raises ``GenerationFailed`` when they hold nothing but spaces and no stop sequence came.
    """
    pieces: list[Piece] = []
    async for piece in opened.pieces:
        if piece.is_restart:
            pieces.clear()
        pieces.append(piece)
    if not opened.usage.is_stopped and not any(piece.text.strip() for piece in pieces):
        raise GenerationFailed("an empty reply")
    return pieces


async def _streamed(service: InferenceService, body: ChatRequest, completion: CompletionResponse) -> Response:
    """Return a stream once its first piece exists, so that an earlier error still sets the HTTP status."""
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(service.reply(body.prompt, body.sampling, body.stop))
        try:
            first = await anext(opened.pieces)
        except StopAsyncIteration:
            raise GenerationFailed("an empty reply") from None
        return _EventStream(_events(completion, opened, first, body.wants_usage), stack.pop_all())


async def _events(
    completion: CompletionResponse, opened: OpenCompletion, first: Piece, wants_usage: bool
) -> AsyncGenerator[bytes, None]:
    yield completion.chunk(first, is_first=True)
    try:
        async for piece in opened.pieces:
            if piece.text or piece.is_restart or (completion.wants_log_probs and piece.log_probs):
                yield completion.chunk(piece)
    except (UserError, GenerationFailed) as error:
        log.warning("a stream broke off: %s", error)
        yield event(error_body(api_error_of(error)))
        return
    yield completion.last_chunk(opened.usage)
    if wants_usage:
        yield completion.usage_chunk(opened.usage)
    yield DONE


class _EventStream(StreamingResponse):
    """Server-sent events of a reply, which is closed however the response ends."""

    def __init__(self, events: AsyncIterator[bytes], reply: AsyncExitStack) -> None:
        super().__init__(events, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
        self._reply = reply

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._reply:
            await super().__call__(scope, receive, send)


async def _unless_disconnected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return the result of ``work``; cancel it when the client disconnects."""
    leaving = asyncio.ensure_future(_disconnected(request))
    try:
        async with asyncio.timeout(None) as scope:
            leave = partial(_end, scope)
            leaving.add_done_callback(leave)
            return await work
    except TimeoutError:
        if not scope.expired():
            raise
        raise ApiError(HTTPStatus.BAD_REQUEST, "The client left.", "client_gone") from None  # which nobody reads
    finally:
        leaving.remove_done_callback(leave)
        leaving.cancel()


def _end(scope: asyncio.Timeout, leaving: asyncio.Future[None]) -> None:
    scope.reschedule(0)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
