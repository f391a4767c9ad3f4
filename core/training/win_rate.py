"""Win rate of one LoRA version's replies over another's, judged by the reward model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import numpy as np

from core.offload import offload
from core.training.reward import Floats, ReplyEncoder, RewardModel, question_of
from core.training.version_test import Measure
from core.types import PromptTurn

NAME = "preferred by the reward model"

_AT_ONCE = 8
"""Replies that are generated concurrently."""

Write = Callable[[Sequence[PromptTurn]], Awaitable[str]]


async def win_rate(
    prompts: Sequence[Sequence[PromptTurn]], before: Write, after: Write, model: RewardModel, reader: ReplyEncoder
) -> Measure:
    """Return for each prompt 1 where the reply of ``after`` scores higher, 0 where lower, ½ where equal, against ½."""
    replies = [await _written(prompts, write) for write in (before, after)]
    scores = [await _scored(prompts, each, model, reader) for each in replies]
    wins = (1 + np.sign(scores[1] - scores[0])) / 2
    return Measure(NAME, [0.5] * len(prompts), wins.tolist())


async def _written(prompts: Sequence[Sequence[PromptTurn]], write: Write) -> list[str]:
    starts = range(0, len(prompts), _AT_ONCE)
    parts = [await asyncio.gather(*map(write, prompts[start : start + _AT_ONCE])) for start in starts]
    return [reply for part in parts for reply in part]


async def _scored(
    prompts: Sequence[Sequence[PromptTurn]], replies: Sequence[str], model: RewardModel, reader: ReplyEncoder
) -> Floats:
    pairs = [(question_of(prompt), reply) for prompt, reply in zip(prompts, replies, strict=True)]
    return model.probabilities(await offload(reader.vectors, pairs))
