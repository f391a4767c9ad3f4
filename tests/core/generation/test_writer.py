"""What a local model takes back is no part of its answer; who writes, and whose words are accepted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Literal

import pytest

from core.assembly.bootstrap import assemble
from core.commands import Registry
from core.generation.providers.router import Router
from core.generation.writer import Writers
from core.pipeline import Question
from core.settings import Settings
from core.types import Confidence, Decision, Piece, PromptTurn, Sampling, SearchResult
from tests.fakes import MEMBER, SPACE, TickingGenerator, WordEmbedder
from tests.passages import found, hit
from tests.providers import says
from tests.routing import Walk

pytestmark = pytest.mark.usefixtures("parsed_in_process")

OPENS = "The library opens at nine o'clock on Saturdays."


class RestartingGenerator(TickingGenerator):
    """Writes one sentence of reasoning, which the passages support, and then its answer."""

    async def stream(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        for text in (f"{OPENS} ", "The library opens "):
            yield Piece(text)
        yield Piece("The library ", is_restart=True)
        yield Piece("opens at nine o'clock on Saturdays.")


class LocalGate:
    """A gate that always lets the local model write."""

    def decide(self, found: SearchResult) -> Decision:
        return Decision("local", Confidence(0.9, 0.9))


async def show(so_far: str) -> None:
    """Show nothing."""


@pytest.mark.parametrize("style", ["brief", "full"])
async def test_an_answer_begins_after_what_was_taken_back(tmp_path: Path, style: Literal["brief", "full"]) -> None:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path / "data"})
    local = RestartingGenerator(style=style)

    async with assemble(settings, Registry(), embedder=WordEmbedder(), local=local, gate=LocalGate()) as aion:
        await aion.ingest.index_file(SPACE, "hours.md", f"# Library\n\n{OPENS}\n".encode())
        asked = Question(SPACE, "here", MEMBER, "When does the library open on Saturdays?", "en")
        answer = await aion.questions.pipeline.answer(asked, show)
        record = await aion.questions.pipeline.answers.get(SPACE, answer.id)
    assert answer.used == "local"
    assert answer.text.count("library") == 1
    assert record.generation.text == OPENS


FOUND = found(
    "When does the library open on Saturdays?",
    [hit(f"{OPENS} It is closed on Sundays.", number=1), hit("The pool opens at seven.", number=2)],
)


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("It opens at nine o'clock [1].", "local"),
        ("The library opens at nine o'clock on Saturdays.", "abstained"),
        ("It opens at 10:30 [1].", "abstained"),
        ("NO_ANSWER", "abstained"),
    ],
)
async def test_where_the_passages_may_not_answer_a_large_local_model_must_cite_them(written: str, used: str) -> None:
    writers = Writers(TickingGenerator(written), Router(), WordEmbedder(), "abstain")
    assert (await writers.provided(FOUND, show)).used == used


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("It opens at nine o'clock [1].", "local"),
        ("The library opens at nine o'clock on Saturdays.", "local"),
        ("Nobody can enter before lunch.", "extract"),
        ("It opens at 10:30 [1].", "extract"),
    ],
)
async def test_where_the_passages_answer_a_large_local_model_may_also_have_their_words(written: str, used: str) -> None:
    writers = Writers(TickingGenerator(written), Router(), WordEmbedder(), "abstain")
    draft = await writers.grounded(FOUND, show)
    assert draft.used == used
    assert draft.sources[0].passage_id == 1


async def test_a_provider_is_asked_where_the_local_model_s_words_do_not_stand() -> None:
    async with Walk(groq=[says("At nine [1].")]) as walk:
        writers = Writers(TickingGenerator("It opens at 10:30 [1]."), walk.router(), WordEmbedder(), "abstain")
        draft = await writers.provided(FOUND, show)
    assert (draft.used, draft.text) == ("groq", "At nine [1].")
