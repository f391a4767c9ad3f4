"""Engine over an OpenAI-compatible server that the operator runs: Ollama, vLLM, llama-server.

LoRA weights have to be loaded by that server.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path

import httpx
from pydantic import SecretStr, ValidationError

from core.errors import Unavailable
from core.generation.prompting.prompt import estimate_tokens
from core.generation.providers.catalogue import Provider, ProviderModel
from core.generation.providers.client import ProviderGenerator, ProviderTimeouts
from core.types import LANGUAGES, Piece, PromptTurn, Sampling

_CONTEXT_TOKENS = 4_096
"""Assumed context size: the protocol does not state it."""

_TIMEOUTS = ProviderTimeouts(connect_s=3.0, first_text_s=60.0, stall_s=30.0, total_s=120.0)
"""Long enough for a server that loads its model at the first request."""


class RemoteEngine:
    """A ``core.generation.local.engine.Engine`` over an OpenAI-compatible server; its URL ends in ``/v1``."""

    context_tokens = _CONTEXT_TOKENS

    def __init__(self, url: str, model: str, key: SecretStr | None) -> None:
        """Describe a server, without a request. Raises ``Unavailable`` when ``url`` is invalid."""
        self.device = "server"
        self._key = key or SecretStr("")
        try:
            self._provider = Provider(
                name="local",
                base_url=url.strip(),
                key_env="AION_LOCAL_API_KEY",
                models=(ProviderModel(id=model, extra={"logprobs": True}),),
                languages=frozenset(LANGUAGES),
                paid=False,
                context_tokens=_CONTEXT_TOKENS,
                max_output_tokens=_CONTEXT_TOKENS,
            )
        except ValidationError:
            raise Unavailable("settings.wrong", name="AION_LOCAL_URL", problem="http://host:port/v1") from None

    def count_tokens(self, text: str) -> int:
        """Return an upper estimate of the tokens of ``text``."""
        return estimate_tokens(text)

    async def write(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        """Yield the reply. Raises ``ProviderFailed``."""
        once = httpx.Limits(max_keepalive_connections=0)
        async with httpx.AsyncClient(limits=once) as client:
            asked = ProviderGenerator(self._provider, self._provider.models[0], self._key, client, timeouts=_TIMEOUTS)
            async with aclosing(asked.stream(prompt, sampling)) as pieces:
                async for piece in pieces:
                    yield piece

    def adapted(self, lora: Path | None) -> RemoteEngine:
        """Return itself for ``None``. Raises ``Unavailable`` for any weights: the server has to load them."""
        if lora:
            raise Unavailable("models.lora_elsewhere")
        return self

    def close(self) -> None:
        """Do nothing: the server is the operator's."""
