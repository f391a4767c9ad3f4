"""A transformers chat model that writes token by token. Imports torch, so it is itself imported late.

Blocks, and is used by one thread at a time: ``core.generation.local`` sees to both.
Does not cover LoRA weights, quantisation, and writing several replies together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import torch
from tokenizers.decoders import DecodeStream
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from core.errors import GenerationFailed
from core.types import Piece, Sampling, Turn

_PREFILL_TOKENS = 512
"""Tokens of a prompt that are read between two looks at whether to stop: about a second on two cores."""

_UNSTATED_CONTEXT_TOKENS = 2_048


class CausalModel:
    """A loaded model with its tokenizer: float32 on a CPU, where that is fastest, and as it is stored on a GPU."""

    def __init__(self, source: str, *, is_local: bool) -> None:
        """Load from an id or folder; ``is_local``: from files of this machine only.

        Raises ``OSError``, ``ValueError`` and others of its libraries when there is none, or none for chat.
        """
        transformers_logging.disable_progress_bar()
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        dtype = "auto" if self._device.type == "cuda" else torch.float32
        tokenizer: Any = AutoTokenizer.from_pretrained(source, local_files_only=is_local)
        if not tokenizer.is_fast or not tokenizer.chat_template:
            raise ValueError(f"{source} has no chat template, or a tokenizer that cannot be streamed")
        model: Any = AutoModelForCausalLM.from_pretrained(source, dtype=dtype, local_files_only=is_local)
        self._tokenizer = tokenizer
        self._model = model.train(False).to(self._device)
        config = model.config.get_text_config()
        self.context_tokens = int(getattr(config, "max_position_embeddings", None) or _UNSTATED_CONTEXT_TOKENS)
        ends = model.generation_config.eos_token_id
        self._ends = {tokenizer.eos_token_id, *(ends if isinstance(ends, list) else [ends])}
        marks = [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]
        self._mark = re.compile("|".join(map(re.escape, marks)) or "(?!)")

    def count_tokens(self, text: str) -> int:
        """Return how many tokens ``text`` is, without what a chat template puts around it."""
        return len(self._tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True))

    def write(self, prompt: Sequence[Turn], sampling: Sampling, is_stopped: Callable[[], bool]) -> Iterator[Piece]:
        """Yield the reply, never half a character, with a log-probability for each token drawn.

        They are log-softmax of the raw logits, whatever ``sampling`` makes of them: the model's own probabilities,
        which an off-policy ratio needs. The token that ends the reply has one too, in a last piece without text.
        ``is_stopped`` is asked before every token. Raises ``GenerationFailed`` when the prompt leaves no room for a
        reply or nothing was written.
        """
        ids = self._rendered(prompt)
        room = min(sampling.max_new_tokens, self.context_tokens - len(ids))
        if room <= 0:
            raise GenerationFailed(f"a prompt of {len(ids)} tokens leaves no room in {self.context_tokens}")
        written, is_silent, log_probs = DecodeStream(skip_special_tokens=True), True, list[float]()
        for token, log_prob in islice(self._tokens(ids, sampling, is_stopped), room):
            log_probs.append(log_prob)
            if token in self._ends:
                break
            if text := written.step(self._tokenizer.backend_tokenizer, token):
                yield Piece(text, tuple(log_probs))
                is_silent, log_probs = is_silent and text.isspace(), []
        if is_silent:
            raise GenerationFailed(f"nothing was written in reply to {len(ids)} tokens")
        if log_probs:
            yield Piece("", tuple(log_probs))

    def _rendered(self, prompt: Sequence[Turn]) -> list[int]:
        """Return the prompt in the model's chat template. Its marks within a message are broken, to be mere text."""
        turns = [{"role": turn.role, "content": self._mark.sub(_broken, turn.content)} for turn in prompt]
        text = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False)
        return ids

    def _tokens(
        self, ids: Sequence[int], sampling: Sampling, is_stopped: Callable[[], bool]
    ) -> Iterator[tuple[int, float]]:
        """Yield token after token with its log-probability, until stopped."""
        generator = torch.Generator()
        if sampling.seed is None:
            generator.seed()
        else:
            generator.manual_seed(sampling.seed)
        unread, cache = torch.tensor([list(ids)], device=self._device), None  # (1, T)
        while not is_stopped():
            with torch.inference_mode():
                reading, unread = unread[:, :_PREFILL_TOKENS], unread[:, _PREFILL_TOKENS:]
                output = self._model(reading, past_key_values=cache, use_cache=True, logits_to_keep=1)
                cache = output.past_key_values
                if unread.shape[1]:
                    continue
                logits = output.logits[0, -1].float().cpu()  # (vocabulary,)
                token = draw(logits, sampling, generator)
                log_prob = float(torch.log_softmax(logits, -1)[token])
            yield token, log_prob
            unread = torch.tensor([[token]], device=self._device)


def draw(logits: Tensor, sampling: Sampling, generator: torch.Generator) -> int:
    """Draw a token by ``logits``, shape ``(vocabulary,)``, from the likeliest that together hold ``top_p``.

    Nucleus sampling (Holtzman et al. 2020) at a temperature; temperature 0 takes the likeliest token.
    """
    if sampling.temperature <= 0:
        return int(logits.argmax())
    likely, tokens = torch.softmax(logits / sampling.temperature, -1).sort(descending=True, stable=True)
    before = likely.cumsum(-1) - likely
    nucleus = likely.where(before < sampling.top_p, 0.0)
    nucleus[0] = likely[0]
    return int(tokens[torch.multinomial(nucleus, 1, generator=generator)])


def _broken(mark: re.Match[str]) -> str:
    return f"{mark[0][:1]} {mark[0][1:]}"
