"""A model behind an OpenAI-compatible API, as a ``core.ports.Generator``.

Covers one streamed chat completion and its timeouts. Does not cover the choice of provider
(``core.generation.providers.router``) or its limits (``core.generation.providers.ledger``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from pydantic import SecretStr

from core.generation.prompting.reasoning_tags import ReasoningFilter
from core.generation.providers.catalogue import Provider, ProviderModel
from core.generation.providers.completion_stream import CompletionStream, ReplyChunk, Usage
from core.generation.providers.errors import FailureKind, ProviderFailed, redact
from core.types import Language, Piece, PromptTurn, Sampling

_FIELDS = {"temperature": "temperature", "top_p": "top_p", "max_new_tokens": "max_tokens", "seed": "seed"}
_EPILOGUE_S = 1.0
"""How long the usage chunk after the last text is waited for, so that the connection can be reused."""


@dataclass(frozen=True, slots=True)
class ProviderTimeouts:
    """Timeouts of one request, in seconds, and the most bytes that are read.

    ``stall_s`` is the longest gap between two pieces of text; keep-alive comments do not count as text.
    """

    connect_s: float = 5.0
    first_text_s: float = 30.0
    stall_s: float = 15.0
    total_s: float = 120.0
    max_bytes: int = 10_000_000


class ProviderListener(Protocol):
    """Receives the headers and token usage of a provider's reply."""

    def headers(self, headers: Mapping[str, str]) -> None:
        """Receive the response headers, before any text."""
        ...

    def usage(self, usage: Usage) -> None:
        """Receive the token usage, where the provider states it."""
        ...


class _NoListener:
    def headers(self, headers: Mapping[str, str]) -> None:
        pass

    def usage(self, usage: Usage) -> None:
        pass


class ProviderGenerator:
    """A ``core.ports.Generator`` over one model of one provider. The HTTP client is the caller's, and may be shared."""

    def __init__(
        self,
        provider: Provider,
        model: ProviderModel,
        key: SecretStr,
        client: httpx.AsyncClient,
        *,
        timeouts: ProviderTimeouts | None = None,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._model = model
        self._key = key.get_secret_value().strip()
        self._client = client
        self._timeouts = timeouts or ProviderTimeouts()
        self._now_s = now_s

    @property
    def name(self) -> str:
        """Return the provider's name."""
        return self._provider.name

    @property
    def model(self) -> str:
        """Return the model's id at the provider."""
        return self._model.id

    @property
    def languages(self) -> frozenset[Language]:
        """Return the languages it is rated to write in."""
        return self._provider.languages

    @property
    def context_tokens(self) -> int:
        """Return the provider's context size, tokens."""
        return self._provider.context_tokens

    async def stream(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        """Yield the reply as it is written, from its first word on.

        Raises ``ProviderFailed``, also for a reply that is empty, incomplete or filtered.
        """
        async with aclosing(self.ask(prompt, sampling, _NoListener())) as pieces:
            async for piece in pieces:
                yield piece

    async def ask(
        self, prompt: Sequence[PromptTurn], sampling: Sampling, listener: ProviderListener
    ) -> AsyncGenerator[Piece, None]:
        """Yield the reply as ``stream`` does; ``listener`` receives headers and usage."""
        is_silent, is_cut = True, False
        async with aclosing(self._texts(prompt, sampling, listener)) as pieces:
            async for piece in pieces:
                is_cut = is_cut or piece.is_cut
                if is_silent or piece.is_restart:
                    is_restart = piece.is_restart and not is_silent
                    piece = Piece(piece.text.lstrip(), piece.log_probs, is_restart=is_restart)
                    is_silent = not piece.text
                if piece.text or piece.log_probs or piece.is_restart:
                    yield piece
        if is_silent:
            raise ProviderFailed(FailureKind.EMPTY, "the reply holds no text", status=200)
        if is_cut:
            yield Piece("", is_cut=True)

    async def _texts(
        self, prompt: Sequence[PromptTurn], sampling: Sampling, listener: ProviderListener
    ) -> AsyncGenerator[Piece, None]:
        """Yield the texts of the reply without reasoning."""
        reasoning = ReasoningFilter()
        async with aclosing(self._timed(prompt, sampling, listener)) as chunks:
            async for chunk in chunks:
                shown = reasoning.feed(chunk.text)
                is_restart = shown.is_restart or chunk.is_restart
                yield Piece(shown.text, chunk.log_probs, is_restart=is_restart, is_cut=chunk.is_cut)
        rest = reasoning.end()
        yield Piece(rest.text, is_restart=rest.is_restart)

    async def _timed(
        self, prompt: Sequence[PromptTurn], sampling: Sampling, listener: ProviderListener
    ) -> AsyncGenerator[ReplyChunk, None]:
        """Yield the chunks that tell something of the text, each within its deadline, until the reply is complete."""
        clock_s = asyncio.get_running_loop().time
        end_s = clock_s() + self._timeouts.total_s
        deadline_s = clock_s() + self._timeouts.first_text_s
        is_complete = False
        async with aclosing(self._chunks(prompt, sampling, listener)) as chunks:
            while True:
                try:
                    async with asyncio.timeout_at(min(deadline_s, end_s)):
                        chunk = await anext(chunks)
                except (StopAsyncIteration, TimeoutError) as end:
                    if not is_complete:
                        raise _broken_off(end) from None
                    return
                if chunk.usage:
                    listener.usage(chunk.usage)
                if chunk.text or chunk.is_cut or chunk.is_restart:
                    yield chunk
                    deadline_s = clock_s() + self._timeouts.stall_s
                if chunk.is_last and not is_complete:
                    is_complete = True
                    deadline_s = clock_s() + _EPILOGUE_S

    async def _chunks(
        self, prompt: Sequence[PromptTurn], sampling: Sampling, listener: ProviderListener
    ) -> AsyncGenerator[ReplyChunk, None]:
        if not (self._key.isascii() and self._key.isprintable()):
            raise ProviderFailed(FailureKind.AUTH, "the key has characters that no header can carry")
        url = f"{self._provider.base_url.rstrip('/')}/chat/completions"
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        timeout = httpx.Timeout(None, connect=self._timeouts.connect_s, pool=self._timeouts.connect_s)
        body = self._body(prompt, sampling)
        try:
            async with (
                self._client.stream(
                    "POST", url, json=body, headers=headers, timeout=timeout, follow_redirects=False
                ) as response,
                aclosing(
                    CompletionStream(response, self._key, self._timeouts.max_bytes, self._now_s()).chunks()
                ) as chunks,
            ):
                listener.headers(response.headers)
                async for chunk in chunks:
                    yield chunk
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not chained: an error about a header quotes it, and the key with it.
            raise ProviderFailed(FailureKind.NETWORK, redact(f"{type(error).__name__} {error}", self._key)) from None

    def _body(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> dict[str, Any]:
        values = {
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_new_tokens": min(sampling.max_new_tokens, self._provider.max_output_tokens),
            **({} if sampling.seed is None else {"seed": sampling.seed}),
        }
        names = {**_FIELDS, **self._provider.fields}
        return {
            "model": self._model.id,
            "messages": [{"role": turn.role, "content": turn.content} for turn in prompt],
            "stream": True,
            "stream_options": {"include_usage": True},
            **{names[field]: value for field, value in values.items() if names[field]},
            **self._model.extra,
        }


def _broken_off(end: Exception) -> ProviderFailed:
    if isinstance(end, TimeoutError):
        return ProviderFailed(FailureKind.NETWORK, "the provider fell silent")
    return ProviderFailed(FailureKind.MALFORMED, "the reply broke off", status=200)
