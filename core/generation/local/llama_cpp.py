"""A GGUF model in llama.cpp, through ``xllamacpp``: its own server in a process beside this one, over the loopback.

The server decodes several replies together, keeps each one's prompt so that what the next has in common with it is not
read again, and stops when the connection closes. It listens on 127.0.0.1 alone, for whoever knows a key that only
these two processes know. Log-probabilities are the model's own, before temperature and top-p; a character of several
tokens has one, that of its last token, and the token that ends a reply has none.
"""

from __future__ import annotations

import logging
import re
import secrets
import threading
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from core.errors import GenerationFailed
from core.generation.local.llama_cpp_process import LlamaProcess
from core.generation.providers.catalogue import Provider, ProviderModel
from core.generation.providers.client import ProviderGenerator, ProviderTimeouts
from core.models.ggml import Gguf
from core.models.lora import as_gguf
from core.models.lora_merge import merged_gguf
from core.offload import offload
from core.types import LANGUAGES, Piece, PromptTurn, Sampling

log = logging.getLogger(__name__)

MAX_CONTEXT_TOKENS = 8_192
"""Longer contexts cost memory that is set aside whether or not it is used."""

_POOL_TOKENS = 12_288
"""What all replies and the prompts kept from earlier ones have together, in tokens."""

_CONTROL = 3
"""The token type of a mark like ``<|im_end|>`` in a GGUF vocabulary."""

_TOLD = {"logprobs": True, "top_logprobs": 1, "cache_prompt": True}
_DRAWN = ProviderModel(id="local", extra={**_TOLD, "samplers": ["temperature", "top_p"]})
"""As ``core.generation.local.token_sampling.draw`` does it: nothing but temperature and nucleus."""

_GREEDY = ProviderModel(id="local", extra={**_TOLD, "samplers": ["top_k"], "top_k": 1})
"""The likeliest token, found without going through the vocabulary for each sampler."""

_TIMEOUTS = ProviderTimeouts(connect_s=5.0, first_text_s=600.0, stall_s=600.0, total_s=600.0)
"""None of its own: ``core.generation.local.generator`` says how long a reply may take."""


class LlamaEngine:
    """A ``core.generation.local.engine.Engine`` over one llama.cpp server."""

    def __init__(self, path: Path, n_parallel: int, lora: Path | None = None) -> None:
        """Load a GGUF file, with the LoRA weights of a PEFT folder.

        Raises ``OSError``, ``ValueError`` or ``RuntimeError`` when there is none, or none for chat.
        """
        metadata = Gguf(path).metadata
        if not metadata.get("tokenizer.chat_template"):
            raise ValueError(f"{path} has no chat template")
        trained = int(metadata.get(f"{metadata['general.architecture']}.context_length", MAX_CONTEXT_TOKENS))
        self.context_tokens = min(trained, MAX_CONTEXT_TOKENS)
        self.device = "cpu, llama.cpp"
        self._path = path
        self._n_parallel = n_parallel
        self._metadata = metadata
        merged = merged_gguf(path, lora) if lora else None
        self._weights = merged or path
        self._lora = as_gguf(lora, metadata) if lora and not merged else None
        self._mark = _marks(metadata)
        self._key = SecretStr(secrets.token_urlsafe(32))
        self._starting = threading.Lock()
        self._is_closed = False
        self._process = self._started()

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is, without what a chat template puts around it."""
        body = {"content": text, "add_special": False, "parse_special": False}
        return len(self._ask("POST", "/tokenize", json=body)["tokens"])

    async def write(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        """Yield the reply. Raises ``GenerationFailed`` when the prompt leaves no room or nothing was written."""
        if sampling.max_new_tokens <= 0:
            raise GenerationFailed("no room for a reply was given")
        turns = [PromptTurn(turn.role, self._mark.sub(_broken, turn.content)) for turn in prompt]
        once = httpx.Limits(max_keepalive_connections=0)  # the server ends a connection after a few requests
        model = _DRAWN if sampling.temperature > 0 else _GREEDY
        async with httpx.AsyncClient(trust_env=False, verify=False, limits=once) as client:
            provider = _described(await offload(self._address), self.context_tokens)
            asked = ProviderGenerator(provider, model, self._key, client, timeouts=_TIMEOUTS)
            async with aclosing(asked.stream(turns, sampling)) as pieces:
                async for piece in pieces:
                    yield piece

    def adapted(self, lora: Path | None) -> LlamaEngine:
        """Return another server of the same model: what it read of prompts with other weights is of no use to it."""
        return LlamaEngine(self._path, self._n_parallel, lora)

    def close(self) -> None:
        """Stop the server and wait until it has ended."""
        with self._starting:
            self._is_closed = True
            self._process.close()

    def _ask(self, method: str, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._key.get_secret_value()}"}
        with httpx.Client(trust_env=False, verify=False, timeout=60.0) as client:
            return client.request(method, self._address() + path, headers=headers, **body).raise_for_status().json()

    def _address(self) -> str:
        """Return where the server listens; one that crashed is started again. Raises ``GenerationFailed``."""
        with self._starting:
            if not self._process.is_running:
                if self._is_closed:
                    raise GenerationFailed("the model was closed")
                log.warning("llama.cpp ended unexpectedly and is started again")
                self._process.close()
                try:
                    self._process = self._started()
                except (OSError, RuntimeError) as error:
                    raise GenerationFailed(f"llama.cpp does not start again: {error}") from error
            return self._process.url

    def _started(self) -> LlamaProcess:
        return LlamaProcess(
            self._weights,
            self._lora,
            n_context=max(_POOL_TOKENS, self.context_tokens),
            n_parallel=self._n_parallel,
            key=self._key.get_secret_value(),
        )


def _described(url: str, context_tokens: int) -> Provider:
    return Provider(
        name="local",
        base_url=f"{url}/v1",
        key_env="-",
        models=(_DRAWN, _GREEDY),
        languages=frozenset(LANGUAGES),
        paid=False,
        context_tokens=context_tokens,
        max_output_tokens=context_tokens,
    )


def _marks(metadata: Any) -> re.Pattern[str]:
    """Return a pattern of what the chat template writes around messages, and must not be in one."""
    pairs = zip(metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"], strict=True)
    return re.compile("|".join(re.escape(token) for token, kind in pairs if kind == _CONTROL and token) or "(?!)")


def _broken(mark: re.Match[str]) -> str:
    return f"{mark[0][:1]} {mark[0][1:]}"
