"""The llama.cpp engine: a GGUF model in ``xllamacpp``'s server, in a child process, over the loopback.

The server batches replies, reuses the cache of shared prompt prefixes, and stops a reply when its connection closes.
It listens on 127.0.0.1 alone and requires a random key that only parent and child know. Log-probabilities are before
temperature and top-p; a character of several tokens has only that of its last token, and the end token has none.
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
"""Most context: its memory is allocated whether or not it is used."""

_POOL_TOKENS = 12_288
"""Size of the unified KV cache, over running replies and cached prompts, tokens."""

_CONTROL = 3
"""Token type of control tokens like ``<|im_end|>`` in a GGUF vocabulary."""

_OPTIONS = {"logprobs": True, "top_logprobs": 1, "cache_prompt": True}
_SAMPLED = ProviderModel(id="local", extra={**_OPTIONS, "samplers": ["temperature", "top_p"]})
"""The samplers of ``core.generation.local.token_sampling.draw``: temperature and nucleus, nothing else."""

_GREEDY = ProviderModel(id="local", extra={**_OPTIONS, "samplers": ["top_k"], "top_k": 1})
"""Greedy decoding, without sorting the vocabulary for each sampler."""

_TIMEOUTS = ProviderTimeouts(connect_s=5.0, first_text_s=600.0, stall_s=600.0, total_s=600.0)
"""Not meant to be reached: ``core.generation.local.generator`` limits the time of a reply."""


class LlamaEngine:
    """A ``core.generation.local.engine.Engine`` over one llama.cpp server."""

    def __init__(self, path: Path, n_parallel: int, lora: Path | None = None) -> None:
        """Load a GGUF file, with the LoRA weights of a PEFT folder.

        Raises ``OSError``, ``ValueError`` or ``RuntimeError`` when it is missing, invalid or has no chat template.
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
        self._control = _controls(metadata)
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
        turns = [PromptTurn(turn.role, self._control.sub(_broken, turn.content)) for turn in prompt]
        once = httpx.Limits(max_keepalive_connections=0)  # the server ends a connection after a few requests
        model = _SAMPLED if sampling.temperature > 0 else _GREEDY
        async with httpx.AsyncClient(trust_env=False, verify=False, limits=once) as client:  # nosec B501 (loopback)
            provider = _described(await offload(self._address), self.context_tokens)
            asked = ProviderGenerator(provider, model, self._key, client, timeouts=_TIMEOUTS)
            async with aclosing(asked.stream(turns, sampling)) as pieces:
                async for piece in pieces:
                    yield piece

    def adapted(self, lora: Path | None) -> LlamaEngine:
        """Start another server of the same model with these weights: prompt caches depend on the weights."""
        return LlamaEngine(self._path, self._n_parallel, lora)

    def close(self) -> None:
        """Stop the server and wait until it has ended."""
        with self._starting:
            self._is_closed = True
            self._process.close()

    def _ask(self, method: str, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._key.get_secret_value()}"}
        with httpx.Client(trust_env=False, verify=False, timeout=60.0) as client:  # nosec B501 (loopback)
            return client.request(method, self._address() + path, headers=headers, **body).raise_for_status().json()

    def _address(self) -> str:
        """Return the server's URL, restarting it after a crash. Raises ``GenerationFailed`` when that fails."""
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
        models=(_SAMPLED, _GREEDY),
        languages=frozenset(LANGUAGES),
        paid=False,
        context_tokens=context_tokens,
        max_output_tokens=context_tokens,
    )


def _controls(metadata: Any) -> re.Pattern[str]:
    """Return a pattern of the vocabulary's control tokens, which are broken up inside messages."""
    pairs = zip(metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"], strict=True)
    return re.compile("|".join(re.escape(token) for token, kind in pairs if kind == _CONTROL and token) or "(?!)")


def _broken(mark: re.Match[str]) -> str:
    return f"{mark[0][:1]} {mark[0][1:]}"
