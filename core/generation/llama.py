"""A GGUF model in llama.cpp, through ``xllamacpp``: its own server in this process, spoken to over the loopback.

The server decodes several replies together, keeps each one's prompt so that what the next has in common with it is not
read again, and stops when the connection closes. It listens on 127.0.0.1 alone, for whoever knows a key that never
leaves this process. Log-probabilities are the model's own, before temperature and top-p; a character of several tokens
has one, that of its last token, and the token that ends a reply has none.
"""

from __future__ import annotations

import os
import re
import secrets
import weakref
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from core.errors import GenerationFailed
from core.generation.provider import Patience, ProviderGenerator
from core.generation.table import Provider, ProviderModel
from core.models.ggml import Gguf
from core.models.lora import as_gguf
from core.types import LANGUAGES, Piece, Sampling, Turn

MAX_CONTEXT_TOKENS = 8_192
"""Longer contexts cost memory that is set aside whether or not it is used."""

_POOL_TOKENS = 12_288
"""What all replies and the prompts kept from earlier ones have together, in tokens."""

_PREFILL_TOKENS = 512
"""Tokens of a prompt that are read between two looks at whether anybody still waits for the reply."""

_CONTROL = 3
"""The token type of a mark like ``<|im_end|>`` in a GGUF vocabulary."""

_DRAWN = {"samplers": ["temperature", "top_p"], "logprobs": True, "top_logprobs": 1, "cache_prompt": True}
"""As ``core.generation.causal.draw`` does it: nothing but temperature and nucleus."""

_PATIENCE = Patience(connect_s=5.0, first_text_s=600.0, stall_s=600.0, total_s=600.0)
"""None of its own: ``core.generation.local`` says how long a reply may take."""


class LlamaEngine:
    """A ``core.generation.engine.Engine`` over one llama.cpp server."""

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
        self._mark = _marks(metadata)
        self._key = SecretStr(secrets.token_urlsafe(32))
        server = self._started(as_gguf(lora, metadata) if lora else None)
        self._url = str(server.listening_address)
        self._stop = weakref.finalize(self, [server].clear)  # also at exit, where its threads would crash
        self._ask("GET", "/slots")  # its loop answers: one that is stopped before it has begun would never end
        self._provider = Provider(
            name="local",
            base_url=f"{self._url}/v1",
            key_env="-",
            models=(ProviderModel(id="local", extra=_DRAWN),),
            languages=frozenset(LANGUAGES),
            paid=False,
            context_tokens=self.context_tokens,
            max_output_tokens=self.context_tokens,
        )

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is, without what a chat template puts around it."""
        body = {"content": text, "add_special": False, "parse_special": False}
        return len(self._ask("POST", "/tokenize", json=body)["tokens"])

    async def write(self, prompt: Sequence[Turn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        """Yield the reply. Raises ``GenerationFailed`` when the prompt leaves no room or nothing was written."""
        if sampling.max_new_tokens <= 0:
            raise GenerationFailed("no room for a reply was given")
        turns = [Turn(turn.role, self._mark.sub(_broken, turn.content)) for turn in prompt]
        once = httpx.Limits(max_keepalive_connections=0)  # the server ends a connection after a few requests
        async with httpx.AsyncClient(trust_env=False, verify=False, limits=once) as client:
            asked = ProviderGenerator(self._provider, self._provider.models[0], self._key, client, patience=_PATIENCE)
            async with aclosing(asked.stream(turns, sampling)) as pieces:
                async for piece in pieces:
                    yield piece

    def adapted(self, lora: Path | None) -> LlamaEngine:
        """Return another server of the same model: what it read of prompts with other weights is of no use to it."""
        return LlamaEngine(self._path, self._n_parallel, lora)

    def close(self) -> None:
        """Stop the server and wait until its threads have ended."""
        self._stop()

    def _ask(self, method: str, path: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._key.get_secret_value()}"}
        with httpx.Client(trust_env=False, verify=False, timeout=60.0) as client:
            return client.request(method, self._url + path, headers=headers, **body).raise_for_status().json()

    def _started(self, lora: Path | None) -> Any:
        import xllamacpp

        params = xllamacpp.CommonParams()
        params.model.path = str(self._path)
        if lora:
            params.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(lora), 1.0)]
        params.n_ctx = max(_POOL_TOKENS, self.context_tokens)
        params.n_parallel, params.kv_unified = self._n_parallel, True
        params.n_batch = _PREFILL_TOKENS
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = os.cpu_count() or 1
        params.api_keys = [self._key.get_secret_value()]
        params.cache_ram_mib, params.cache_idle_slots = 0, False  # prompts are kept where they are, not copied
        params.ui = False
        params.warmup, params.verbosity = False, -1
        return xllamacpp.Server(params)


def _marks(metadata: Any) -> re.Pattern[str]:
    """Return a pattern of what the chat template writes around messages, and must not be in one."""
    pairs = zip(metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"], strict=True)
    return re.compile("|".join(re.escape(token) for token, kind in pairs if kind == _CONTROL and token) or "(?!)")


def _broken(mark: re.Match[str]) -> str:
    return f"{mark[0][:1]} {mark[0][1:]}"
