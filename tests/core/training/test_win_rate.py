"""The win rate by the reward model: wins, ties and losses of two versions' replies to the same prompts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from core.training.reward import RewardModel
from core.training.version_test import compare
from core.training.win_rate import win_rate
from core.types import Matrix, PromptTurn

PROMPTS = [(PromptTurn("system", "Be kind."), PromptTurn("user", f"Passages.\nQuestion: {n}")) for n in range(20)]
MODEL = RewardModel("length", (1.0,), -2.0, {})


class Length:
    """Reads how many words a reply has, and keeps what it was asked."""

    id = "length"

    def __init__(self) -> None:
        self.questions: list[str] = []

    def vectors(self, replies: Sequence[tuple[str, str]]) -> Matrix:
        self.questions += [question for question, _ in replies]
        return np.array([[len(reply.split())] for _, reply in replies], np.float32)


async def says_two(prompt: Sequence[PromptTurn]) -> str:
    return "two words"


async def says_by_number(prompt: Sequence[PromptTurn]) -> str:
    return " ".join(["word"] * (1 + int(prompt[-1].content.rpartition(" ")[2]) % 4))


async def test_each_prompt_is_won_lost_or_even() -> None:
    reader = Length()
    measure = await win_rate(PROMPTS, says_two, says_by_number, MODEL, reader)
    assert measure.after == [0.0, 0.5, 1.0, 1.0] * 5
    assert measure.before == [0.5] * 20
    assert reader.questions == [str(n) for n in range(20)] * 2
    assert compare(measure).after == pytest.approx(0.625)
    assert compare(await win_rate(PROMPTS, says_two, says_two, MODEL, reader)).verdict == "same"


async def test_what_is_always_longer_is_better_to_one_who_likes_length() -> None:
    async def says_five(prompt: Sequence[PromptTurn]) -> str:
        return "a reply of five words"

    assert compare(await win_rate(PROMPTS, says_two, says_five, MODEL, Length())).verdict == "better"
    assert compare(await win_rate(PROMPTS, says_five, says_two, MODEL, Length())).verdict == "worse"
