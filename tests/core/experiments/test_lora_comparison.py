"""How two versions' speeds are compared: by the tokens, whatever the length of a prompt and of a reply."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.experiments import lora_comparison
from core.generation.local.generator import LocalGenerator
from core.models.catalog import SMOLLM2
from core.models.lora import Base
from core.training.version_test import compare
from core.types import Piece, PromptTurn, Sampling


@dataclass
class Clock:
    """A clock that only writing moves."""

    now_s: float = 0.0

    def monotonic(self) -> float:
        return self.now_s


@dataclass
class Metronome:
    """An engine that reads a prompt in a second and writes a token every ``token_s``."""

    clock: Clock
    n_tokens: int
    token_s: float
    context_tokens: int = 100
    device: str = "paper"

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    async def write(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        self.clock.now_s += 1.0
        for _ in range(self.n_tokens):
            await asyncio.sleep(0)
            self.clock.now_s += self.token_s
            yield Piece("word ", (-0.1,))

    def adapted(self, lora: Path | None) -> Metronome:
        return self

    def close(self) -> None:
        pass


def local(engine: Metronome) -> LocalGenerator:
    return LocalGenerator(SMOLLM2, lambda: engine, lambda: Base("smollm2", "abc"))


@pytest.mark.parametrize(
    ("n_tokens", "token_s", "verdict"),
    [(5, 0.01, "same"), (24, 0.0105, "same"), (24, 0.02, "worse"), (5, 0.005, "better")],
)
async def test_speed_is_of_tokens_alone(
    monkeypatch: pytest.MonkeyPatch, n_tokens: int, token_s: float, verdict: str
) -> None:
    clock = Clock()
    monkeypatch.setattr(lora_comparison, "time", clock)
    before, after = local(Metronome(clock, 24, 0.01)), local(Metronome(clock, n_tokens, token_s))
    (measure,) = await lora_comparison.speed(before, after, math.log(lora_comparison.MAX_SLOWER))
    compared = compare(measure)
    assert compared.gain == pytest.approx(math.log(0.01 / token_s))
    assert compared.verdict == verdict and not compared.is_aim
    assert compared.n == len(lora_comparison.canaries()) - 1


async def test_replies_of_a_word_or_two_tell_nospeed() -> None:
    clock = Clock()
    assert await lora_comparison.speed(local(Metronome(clock, 24, 0.01)), local(Metronome(clock, 2, 0.01)), 0.1) == []
