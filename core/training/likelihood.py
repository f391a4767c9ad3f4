"""Log-likelihood of given replies under a model, for held-out loss and version comparison. Imports torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from core.training.losses import token_log_probs
from core.training.rows import turns_of
from core.training.student import Student
from core.types import PromptTurn


@dataclass(frozen=True, slots=True)
class PromptedReply:
    """A prompt and a reply to it."""

    prompt: tuple[PromptTurn, ...]
    reply: str


@dataclass(frozen=True, slots=True)
class Likelihood:
    """The log-probability of a reply, in nats, and the number of its tokens."""

    log_prob: float
    n_tokens: int

    @property
    def per_token(self) -> float:
        """Return the mean log-probability of a token, in nats; 0 for an empty reply."""
        return self.log_prob / max(1, self.n_tokens)


def prompted_replies(rows: Iterable[Mapping[str, Any]]) -> tuple[PromptedReply, ...]:
    """Return prompt and last assistant turn of rows of an SFT file (``messages``); rows without one are left out."""
    chats = [turns_of(row["messages"]) for row in rows]
    return tuple(
        PromptedReply(chat[:-1], chat[-1].content) for chat in chats if len(chat) > 1 and chat[-1].role == "assistant"
    )


def tokens_of(student: Student, asked: PromptedReply, max_length: int) -> tuple[list[int], int]:
    """Return the token ids of prompt and reply, truncated to ``max_length``, and the length of the prompt."""
    prompt = student.prompt_tokens(asked.prompt)
    return [*prompt, *student.response_tokens(asked.reply)][:max_length], len(prompt)


def likelihoods(
    student: Student, replies: Iterable[PromptedReply], max_length: int, *, as_base: bool = False
) -> list[Likelihood]:
    """Return the likelihood of each reply, in order; ``as_base``: without the LoRA weights. Blocks."""
    was_training = student.model.training
    student.model.eval()
    bare: AbstractContextManager[Any] = student.model.disable_adapter() if as_base else nullcontext()
    try:
        with torch.inference_mode(), bare:
            return [_likelihood(student, asked, max_length) for asked in replies]
    finally:
        student.model.train(was_training)


def mean_loss(measured: Sequence[Likelihood]) -> float:
    """Return the cross-entropy per token over all replies, in nats (specification 1.5)."""
    return -sum(each.log_prob for each in measured) / max(1, sum(each.n_tokens for each in measured))


def _likelihood(student: Student, asked: PromptedReply, max_length: int) -> Likelihood:
    ids, n_prompt = tokens_of(student, asked, max_length)
    if len(ids) <= n_prompt:
        return Likelihood(0.0, 0)
    tokens = torch.tensor([ids], device=student.model.device)
    logits = student.model(tokens, logits_to_keep=len(ids) - n_prompt + 1).logits[:, :-1].float()
    log_probs = token_log_probs(logits, tokens[:, n_prompt:])
    return Likelihood(float(log_probs.sum()), log_probs.shape[1])
