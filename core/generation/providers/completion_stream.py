"""Parses the HTTP response to a chat completion into chunks of text.

Covers server-sent events, a server that answers in one body although asked to stream, errors inside and outside a
200, and malformed bodies. Does not cover timeouts (``core.generation.providers.client``).
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx
from httpx_sse import EventSource

from core.generation.providers.errors import FailureKind, ProviderFailed, error_in, failure_of, redact

_MAX_ERROR_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a request, as the API counts them."""

    n_prompt: int
    n_completion: int


@dataclass(frozen=True, slots=True)
class ReplyChunk:
    """A piece of the reply; ``is_last`` when no more text follows.

    ``log_probs`` are those of its tokens, where requested and supported.
    """

    text: str
    is_last: bool
    usage: Usage | None = None
    log_probs: tuple[float, ...] = ()


class CompletionStream:
    """The chunks of one HTTP response. ``key`` is redacted in every error."""

    def __init__(self, response: httpx.Response, key: str, max_bytes: int, now_s: float) -> None:
        self._response = response
        self._key = key
        self._max_bytes = max_bytes
        self._now_s = now_s

    async def chunks(self) -> AsyncGenerator[ReplyChunk, None]:
        """Yield the reply as it comes. Raises ``ProviderFailed``."""
        if self._response.status_code != 200:
            raise self._failure(await self._read(_MAX_ERROR_BYTES))
        if not self._response.headers.get("content-type", "").lower().startswith("text/event-stream"):
            yield self._chunk(self._parse(await self._read(self._max_bytes)))
            return
        async with aclosing(self._events()) as events:
            is_done = False
            async for data in events:
                if data.strip() == "[DONE]":
                    is_done = True  # read on to the end of the response: only then can its connection be used again
                    yield ReplyChunk("", is_last=True)
                elif data.strip() and not is_done:
                    yield self._chunk(self._parse(data))

    async def _events(self) -> AsyncGenerator[str, None]:
        """Yield the data of each event; comments and keep-alives are skipped."""
        capped = _Capped(self._response, self._max_bytes)
        plain = httpx.Response(200, headers={"content-type": "text/event-stream; charset=utf-8"}, stream=capped)
        async with aclosing(EventSource(plain).aiter_sse()) as events:
            async for event in events:
                yield event.data

    async def _read(self, max_bytes: int) -> str:
        data = b"".join([chunk async for chunk in _Capped(self._response, max_bytes)])
        return data.decode(errors="replace")

    def _parse(self, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise ProviderFailed(
                FailureKind.MALFORMED, f"not JSON: {redact(text, self._key)[:80]}", status=200
            ) from None

    def _failure(self, text: str, body: Any = None) -> ProviderFailed:
        if body is None:
            try:
                body = json.loads(text)
            except (ValueError, RecursionError):
                body = text
        response = self._response
        return failure_of(response.status_code, response.headers, body, self._key, self._now_s)

    def _chunk(self, body: Any) -> ReplyChunk:
        if error_in(body):
            raise self._failure("", body)
        choices = body.get("choices") if isinstance(body, dict) else None
        usage = _usage(body)
        if not isinstance(choices, list) or not choices:
            return ReplyChunk("", is_last=False, usage=usage)  # or a keep-alive
        choice = choices[0] if isinstance(choices[0], dict) else {}
        finish = choice.get("finish_reason")
        if finish in ("error", "content_filter"):
            raise ProviderFailed(
                FailureKind.SERVER if finish == "error" else FailureKind.FILTERED, f"finished by {finish}", status=200
            )
        said = choice.get("delta") or choice.get("message")
        text = said.get("content") if isinstance(said, dict) else None
        is_last = finish is not None or "message" in choice
        return ReplyChunk(text if isinstance(text, str) else "", is_last, usage, _log_probs(choice))


def _usage(body: Any) -> Usage | None:
    usage = body.get("usage") if isinstance(body, dict) else None
    if not isinstance(usage, dict):
        return None
    counts = [usage.get("prompt_tokens"), usage.get("completion_tokens", 0)]
    if any(not isinstance(count, int) or isinstance(count, bool) or count < 0 for count in counts):
        return None
    return Usage(*counts)


def _log_probs(choice: Mapping[str, Any]) -> tuple[float, ...]:
    told = choice.get("logprobs")
    tokens = told.get("content") if isinstance(told, dict) else None
    if not isinstance(tokens, list):
        return ()
    values = [token.get("logprob") if isinstance(token, dict) else None for token in tokens]
    return tuple(float(value) for value in values if isinstance(value, int | float))


class _Capped(httpx.AsyncByteStream):
    """The decoded bytes of a response, up to a limit."""

    def __init__(self, response: httpx.Response, max_bytes: int) -> None:
        self._response = response
        self._max_bytes = max_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        n_bytes = 0
        async for chunk in self._response.aiter_bytes():
            n_bytes += len(chunk)
            if n_bytes > self._max_bytes:
                raise ProviderFailed(FailureKind.MALFORMED, f"more than {self._max_bytes} bytes", status=200)
            yield chunk
