"""A prompt that is larger than what a model reads: passages go by rank, and the question never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from core.generation.prompting.prompt import estimate_tokens
from core.generation.providers.router import Router
from core.generation.writer import BRIEF, Writers
from core.types import Passage, PromptTurn, SearchResult
from tests.fakes import TickingGenerator, WordEmbedder
from tests.passages import chunked, found, hit
from tests.providers import fails, says
from tests.routing import Walk

QUESTION = "When does the library by the old harbour open on a Sunday in August?"
N_PASSAGES = 12


def much(question: str = QUESTION) -> SearchResult:
    """Return passages of some 250 tokens each, the best one first."""
    many = [
        hit(f"The library opens at {n} o'clock. " + f"Shelf {n} holds books about ships and harbours. " * 15, number=n)
        for n in range(1, N_PASSAGES + 1)
    ]
    return found(question, many)


async def silent(text: str) -> None:
    """Show nothing."""


def require_best_first(turns: Sequence[PromptTurn], room: int) -> None:
    """Assert that a prompt fits, holds the whole question, and of the passages the first ones alone."""
    assert sum(estimate_tokens(turn.content) for turn in turns) <= room
    assert QUESTION in turns[-1].content
    shown = [n for n in range(1, N_PASSAGES + 1) if f"opens at {n} o'clock" in turns[-1].content]
    assert shown == list(range(1, len(shown) + 1))
    assert 1 <= len(shown) < N_PASSAGES


async def test_a_worker_reads_the_best_passages_that_fit() -> None:
    worker = TickingGenerator("At nine [1].", name="colab", context_tokens=2_100)
    writers = Writers(TickingGenerator(), Router(), WordEmbedder(), "abstain", lambda: [worker])
    draft = await writers.provided(much(), silent)
    assert draft.used == "colab"
    assert worker.last
    prompt, sampling = worker.last
    require_best_first(prompt, worker.context_tokens - sampling.max_new_tokens)


@pytest.mark.parametrize(("context_tokens", "prompt_tokens"), [(2_100, 8_000), (8_000, 1_600), (8_000, 1_000)])
async def test_the_local_model_reads_the_best_passages_that_fit_in_time(
    context_tokens: int, prompt_tokens: int
) -> None:
    model = TickingGenerator("At nine [1].", context_tokens=context_tokens, prompt_tokens=prompt_tokens)
    draft = await Writers(model, Router(), WordEmbedder(), "abstain").provided(much(), silent)
    assert draft.used == "local"
    assert model.last
    prompt, sampling = model.last
    require_best_first(prompt, min(context_tokens - sampling.max_new_tokens, prompt_tokens))


async def test_a_provider_that_finds_it_too_large_is_given_the_best_passages_again() -> None:
    async with Walk(groq=[fails(413, {"error": {"message": "Request too large"}}), says("At nine [1].")]) as walk:
        writers = Writers(TickingGenerator(), walk.router(), WordEmbedder(), "abstain", writer="provider")
        draft = await writers.provided(much(), silent)
        bodies = [asked.body for asked in walk.servers["groq"].asked]
    assert draft.used == "groq"
    large, small = ([PromptTurn(**message) for message in body["messages"]] for body in bodies)
    assert sum(len(turn.content) for turn in small) < sum(len(turn.content) for turn in large)
    require_best_first(small, 1_500)


async def test_a_question_larger_than_the_context_is_answered_in_quotes() -> None:
    local = replace(TickingGenerator(), context_tokens=BRIEF.max_new_tokens)
    writers = Writers(local, Router(), WordEmbedder(), "abstain")
    assert (await writers.grounded(much(QUESTION + " please" * 2_000), silent)).used in ("extract", "abstained")


async def test_a_provider_reads_on_past_a_cut_and_is_quoted_from_there() -> None:
    text = "The library by the old harbour rests in winter. " * 30 + "On a Sunday in August it opens at eleven."
    first, *others = chunked(text, "guide")
    read: list[Sequence[Passage]] = []

    async def neighbours(passages: Sequence[Passage]) -> Sequence[Passage]:
        read.append(passages)
        return [other.passage for other in others[:1]]

    async with Walk(groq=[says("It opens at eleven in August [1].")]) as walk:
        writers = Writers(
            TickingGenerator(), walk.router(), WordEmbedder(), "abstain", neighbours=neighbours, writer="provider"
        )
        draft = await writers.provided(found(QUESTION, [first]), silent)
        (asked,) = walk.servers["groq"].asked
    assert read == [[first.passage]]
    assert "opens at eleven" in asked.body["messages"][-1]["content"]
    assert [(source.n, source.passage_id) for source in draft.sources] == [(1, first.passage.id)]
    assert draft.sources[0].quote == "On a Sunday in August it opens at eleven."
