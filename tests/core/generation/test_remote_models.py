"""Models elsewhere over real sockets: what is shown while they write, what is kept, and who is asked next."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from core.generation.remote_models import RemoteModels, RemoteReply
from tests.providers import DONE, Canned, delta, fails, says, streamed
from tests.routing import PROMPT, Walk

ANSWER = "The key is under the red flowerpot."
TOOL = [{"index": 0, "id": "c1", "type": "function", "function": {"name": "search", "arguments": "{}"}}]
SEARCHES = streamed(delta("Let me search for that."), delta(None, tool_calls=TOOL), delta(None, "tool_calls"), DONE)


async def written(so_far: str = "", **answers: list[Canned]) -> tuple[RemoteReply | None, Sequence[str], Walk]:
    """Return the reply, everything shown on the way, and who was asked."""
    shown: list[str] = []

    async def show(text: str) -> None:
        shown.append(text)

    async with Walk(**answers) as walk:
        reply = await RemoteModels((), walk.router()).write((PROMPT,), "en", show, so_far)
    return reply, shown, walk


@pytest.mark.parametrize("reason", ["length", "MAX_TOKENS", "content_filter: RECITATION", "SAFETY", "error"])
async def test_a_reply_that_was_cut_is_broken(reason: str) -> None:
    reply, _, _ = await written(groq=[streamed(delta("The key is"), delta(None, reason), DONE)], gemini=[says("other")])
    assert reply is not None
    assert (reply.generation.text, reply.generation.generator, reply.is_broken) == ("The key is", "groq", True)


async def test_a_whole_reply_is_not() -> None:
    reply, shown, _ = await written(groq=[says("The key is ", "here.")])
    assert reply is not None and not reply.is_broken
    assert shown == ["The key is ", "The key is here."]


@pytest.mark.parametrize("taken_back", [SEARCHES, says("I should look.", "</think>"), says("plan", "</think>", " \n")])
async def test_words_that_are_no_answer_give_way_to_the_next_model(taken_back: Canned) -> None:
    reply, shown, walk = await written(groq=[taken_back], gemini=[says(ANSWER)])
    assert reply is not None
    assert (reply.generation.text, reply.generation.generator, reply.is_broken) == (ANSWER, "gemini", False)
    assert shown[-1] == ANSWER
    assert walk.n_asked() == {"groq": 1, "gemini": 1}


async def test_without_a_next_model_there_is_no_answer() -> None:
    assert (await written(groq=[SEARCHES], gemini=[fails(500)]))[0] is None


async def test_reasoning_that_was_shown_is_taken_back() -> None:
    reply, shown, _ = await written(groq=[says("I should look. ", "</thi", "nk>\n\nThe key ", "is here.")])
    assert reply is not None and reply.generation.text == "The key is here."
    assert shown == ["I should look. ", "The key ", "The key is here."]


async def test_what_was_there_before_is_never_taken_back() -> None:
    reply, shown, _ = await written("The key is un", groq=[says("hm ", "</think>", "under the pot.")])
    assert reply is not None and reply.generation.text == "The key is under the pot."
    assert all(text.startswith("The key is ") for text in shown)


async def test_the_halves_of_a_character_lose_no_answer() -> None:
    reply, _, _ = await written(groq=[says("Here \ud83d", "\ude00 it is.")])
    assert reply is not None and reply.generation.text == "Here 😀 it is."
