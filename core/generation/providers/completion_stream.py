"""Parses the HTTP response to a chat completion into chunks of text: every provider's dialect in, one form out.

Covers streams and bodies, errors inside and outside a 200, characters split between events, and malformed or oversized
responses. Does not cover timeouts (``core.generation.providers.client``). The tables of dialects are
``core.generation.providers.dialects`` and ``core.generation.providers.errors``.
"""

from __future__ import annotations

import codecs
import json
import zlib
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx

from core.generation.providers.dialects import ChoiceDelta, Finish, delta_of
from core.generation.providers.errors import FailureKind, ProviderFailed, error_in, failure_of, redact
from core.generation.providers.event_stream import DONE, EventStream

_MAX_ERROR_BYTES = 64_000
_MAX_TOKENS = 1_000_000_000
"""Most tokens of a request that are believed."""

_MAX_NATS = 1e5
"""Log-probabilities of a larger magnitude, and infinite ones, are left out."""

_GZIP_OR_ZLIB = 47
"""``wbits`` of ``zlib`` that recognises either header."""

_FAILURES: Mapping[Finish | None, FailureKind] = {
    Finish.FILTERED: FailureKind.FILTERED,
    Finish.TOOL: FailureKind.EMPTY,
    Finish.FAULT: FailureKind.SERVER,
}


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a request, as the API counts them."""

    n_prompt: int
    n_completion: int


@dataclass(frozen=True, slots=True)
class ReplyChunk:
    """A piece of the reply; ``is_last`` when no more text follows, ``is_cut`` when the limit of tokens ended it.

    ``is_restart``: the text before it is no part of the reply. ``log_probs`` are those of its tokens, where requested
    and supported.
    """

    text: str
    is_last: bool
    usage: Usage | None = None
    log_probs: tuple[float, ...] = ()
    is_cut: bool = False
    is_restart: bool = False


class CompletionStream:
    """The chunks of one HTTP response. ``key`` is redacted in every error."""

    def __init__(self, response: httpx.Response, key: str, max_bytes: int, now_s: float) -> None:
        self._response = response
        self._key = key
        self._max_bytes = max_bytes
        self._now_s = now_s
        self._utf16 = codecs.getincrementaldecoder("utf-16-le")("replace")

    async def chunks(self) -> AsyncGenerator[ReplyChunk, None]:
        """Yield the reply as it comes. Raises ``ProviderFailed``, after the text before the fault."""
        if self._response.status_code != 200:
            raise self._failure(await self._error_body())
        is_done = False
        async with aclosing(self._texts()) as texts:
            async for text in texts:
                if text.strip() == DONE:
                    is_done = True  # read on to the end of the response: only then can its connection be used again
                    yield ReplyChunk("", is_last=True)
                elif text.strip() and not is_done:
                    for chunk in self._read(self._parsed(text)):
                        yield chunk

    async def _texts(self) -> AsyncGenerator[str, None]:
        """Yield the JSON texts of the response."""
        events = EventStream(self._response.headers.get("content-type", ""))
        async with aclosing(_bytes(self._response, self._max_bytes)) as pieces:
            async for data in pieces:
                for text in events.feed(data):
                    yield text
        for text in events.end():
            yield text

    async def _error_body(self) -> Any:
        """Return the body of an error: its JSON, else its text."""
        async with aclosing(_bytes(self._response, _MAX_ERROR_BYTES)) as pieces:
            text = b"".join([data async for data in pieces]).decode("utf-8-sig", errors="replace")
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text

    def _parsed(self, text: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            detail = f"not JSON: {redact(text, self._key)[:80]}"
            raise ProviderFailed(FailureKind.MALFORMED, detail, status=200) from None

    def _failure(self, body: Any) -> ProviderFailed:
        response = self._response
        return failure_of(response.status_code, response.headers, body, self._key, self._now_s)

    def _read(self, body: Any) -> Iterator[ReplyChunk]:
        """Yield what one JSON value adds to the reply. Raises ``ProviderFailed`` for an error, filter or tool call."""
        if error_in(body):
            raise self._failure(body)
        choices = body.get("choices") if isinstance(body, dict) else None
        choice = choices[0] if isinstance(choices, list) and choices else None  # without one: usage, or a keep-alive
        delta = delta_of(choice) if isinstance(choice, dict) else ChoiceDelta()
        kind = _FAILURES.get(delta.finish)
        yield ReplyChunk(
            self._joined(delta.text),
            is_last=delta.finish is not None and kind is None,
            usage=_usage(body),
            log_probs=_log_probs(choice) if isinstance(choice, dict) else (),
            is_cut=delta.finish is Finish.CUT,
            is_restart=delta.finish is Finish.TOOL,
        )
        if kind:
            raise ProviderFailed(kind, f"finished by {redact(delta.reason, self._key)[:80]}", status=200)

    def _joined(self, text: str) -> str:
        """Return ``text`` with a character whose halves (UTF-16 surrogates) came in two events made whole.

        A half without its other one becomes U+FFFD; at the end of a reply it is dropped.
        """
        return self._utf16.decode(text.encode("utf-16-le", "surrogatepass"))


def _usage(body: Any) -> Usage | None:
    usage = body.get("usage") if isinstance(body, dict) else None
    if not isinstance(usage, dict):
        return None
    counts = [usage.get("prompt_tokens"), usage.get("completion_tokens", 0)]
    if counts[1] is None:
        counts[1] = 0
    if any(not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= _MAX_TOKENS for count in counts):
        return None
    return Usage(*counts)


def _log_probs(choice: Mapping[str, Any]) -> tuple[float, ...]:
    told = choice.get("logprobs")
    tokens = told.get("content") if isinstance(told, dict) else None
    if not isinstance(tokens, list):
        return ()
    values = [token.get("logprob") if isinstance(token, dict) else None for token in tokens]
    return tuple(float(value) for value in values if isinstance(value, int | float) and abs(value) <= _MAX_NATS)


async def _bytes(response: httpx.Response, max_bytes: int) -> AsyncGenerator[bytes, None]:
    """Yield the decompressed bytes of a response. Raises ``ProviderFailed`` (``malformed``) over ``max_bytes``.

    Nothing compressed is asked for, and what comes compressed all the same is never expanded beyond the limit.
    """
    decompress = _decompressor(response.headers.get("content-encoding", ""))
    n_left = max_bytes
    async for data in response.aiter_raw():
        try:
            data = decompress(data, n_left + 1)
        except zlib.error:
            raise ProviderFailed(FailureKind.MALFORMED, "wrongly compressed", status=200) from None
        n_left -= len(data)
        if n_left < 0:
            raise ProviderFailed(FailureKind.MALFORMED, f"more than {max_bytes} bytes", status=200)
        yield data


def _decompressor(encoding: str) -> Callable[[bytes, int], bytes]:
    """Return what expands a piece of the body to at most so many bytes. Raises ``ProviderFailed`` for none."""
    match encoding.strip().lower():
        case "" | "identity":
            return lambda data, _: data
        case "gzip" | "x-gzip" | "deflate":
            return zlib.decompressobj(_GZIP_OR_ZLIB).decompress
    raise ProviderFailed(FailureKind.MALFORMED, "compressed in an unknown way", status=200)
