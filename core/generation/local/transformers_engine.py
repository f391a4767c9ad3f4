"""The transformers engine: a chat model with continuous batching, for GPUs and for models without a GGUF.

Imports torch: import it late. On a GPU the weights are 4-bit NF4 with bfloat16 arithmetic where
bitsandbytes is installed (QLoRA: Dettmers et al. 2023), else as they are stored; on a CPU float32, which is fastest.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig
from transformers.utils import logging as transformers_logging

from core.errors import GenerationFailed
from core.generation.local.batch_scheduler import BatchScheduler
from core.generation.local.token_sampling import SampledReply, StreamEvent
from core.generation.prompting.reasoning_tags import ReasoningFilter, opens_reasoning
from core.nn.decoder import register_decoder
from core.types import Piece, PromptTurn, Sampling

_UNSTATED_CONTEXT_TOKENS = 2_048

_OPENING_TOKENS = 8
"""Tokens at the end of a prompt that are searched for an opening reasoning tag."""


class TransformersModel:
    """A loaded model with its tokenizer."""

    def __init__(self, source: str, *, is_local: bool) -> None:
        """Load from an id or folder; ``is_local``: from local files only.

        Raises ``OSError``, ``ValueError`` and others of its libraries when it is missing or no chat model, or its
        tokenizer is of another one.
        """
        transformers_logging.disable_progress_bar()
        register_decoder()
        tokenizer: Any = AutoTokenizer.from_pretrained(source, local_files_only=is_local)
        if not tokenizer.is_fast or not tokenizer.chat_template:
            raise ValueError(f"{source} has no chat template, or a tokenizer that cannot be streamed")
        model: Any = AutoModelForCausalLM.from_pretrained(source, local_files_only=is_local, **_placement())
        if len(tokenizer) > model.get_input_embeddings().weight.shape[0]:
            raise ValueError(f"{source} has the tokenizer of another model: {len(tokenizer)} tokens")
        self.tokenizer = tokenizer
        self.model = model.train(False)
        config = model.config.get_text_config()
        self.context_tokens = int(getattr(config, "max_position_embeddings", None) or _UNSTATED_CONTEXT_TOKENS)
        ends = model.generation_config.eos_token_id
        self.ends = frozenset({tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])})
        marks = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
        self._special = re.compile("|".join(map(re.escape, marks)) or "(?!)")

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is, without what a chat template puts around it."""
        return len(self.tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True))

    def rendered(self, prompt: Sequence[PromptTurn]) -> list[int]:
        """Return the token ids of the prompt in the chat template, with special tokens inside messages broken up."""
        turns = [{"role": turn.role, "content": self._special.sub(_broken, turn.content)} for turn in prompt]
        text = self.tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False)
        return ids


class TransformersEngine:
    """A ``core.generation.local.engine.Engine`` over a transformers model; adapted ones share its scheduler."""

    def __init__(self, chat: TransformersModel, scheduler: BatchScheduler, lora: str | None = None) -> None:
        self.chat = chat
        self.context_tokens = chat.context_tokens
        self.device = f"{chat.model.device.type}, transformers"
        self._scheduler = scheduler
        self._lora = lora

    @classmethod
    def load(cls, source: str, *, is_local: bool) -> TransformersEngine:
        """Load the model from an id or folder. Raises as ``TransformersModel`` does."""
        chat = TransformersModel(source, is_local=is_local)
        return cls(chat, BatchScheduler(chat.model))

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is, without what a chat template puts around it."""
        return self.chat.count_tokens(text)

    async def write(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        """Yield the reply without reasoning, in whole characters.

        Raises ``GenerationFailed`` when the prompt leaves no room.
        """
        ids = self.chat.rendered(prompt)
        room = min(sampling.max_new_tokens, self.context_tokens - len(ids))
        if room <= 0:
            raise GenerationFailed(f"a prompt of {len(ids)} tokens leaves no room in {self.context_tokens}")
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[StreamEvent] = asyncio.Queue()

        def tell(piece: StreamEvent) -> None:
            with suppress(RuntimeError):  # the loop has been closed, and with it whoever read
                loop.call_soon_threadsafe(told.put_nowait, piece)

        chat = self.chat
        reply = SampledReply(chat.tokenizer, chat.ends, ids, replace(sampling, max_new_tokens=room), tell)
        reasoning = ReasoningFilter()
        prompt_end = chat.tokenizer.decode(ids[-_OPENING_TOKENS:])
        if opens_reasoning(prompt_end):
            reasoning.feed(prompt_end)
        self._scheduler.submit(self._lora, reply)
        try:
            while (piece := await told.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                shown = reasoning.feed(piece.text)
                yield replace(piece, text=shown.text, is_restart=shown.is_restart)
            if rest := reasoning.end().text:
                yield Piece(rest)
        finally:
            reply.is_over = True

    def adapted(self, lora: Path | None) -> TransformersEngine:
        """Return an engine for the same model with those weights."""
        return TransformersEngine(self.chat, self._scheduler, self._scheduler.load(lora) if lora else None)

    def close(self) -> None:
        """Unload the weights that only this engine uses."""
        if self._lora:
            self._scheduler.drop(self._lora)


def _placement() -> dict[str, Any]:
    """Return the keyword arguments for the weights' device and number format."""
    if not torch.cuda.is_available():
        return {"dtype": torch.float32}
    if find_spec("bitsandbytes") is None:
        return {"dtype": "auto", "device_map": "cuda"}
    nf4 = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16)
    return {"dtype": torch.bfloat16, "device_map": "cuda", "quantization_config": nf4}


def _broken(mark: re.Match[str]) -> str:
    return f"{mark[0][:1]} {mark[0][1:]}"
